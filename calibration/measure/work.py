"""Work of a case: FLOPs and compulsory bytes. Bounds what is measured, finds rates, and spots impossible times."""

from __future__ import annotations

from collections.abc import Callable

from calibration.measure.case import Case

BYTES: dict[str, float] = {"fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "int8": 1, "": 1}
"""Bytes of one element as stored."""

Work = tuple[float, float]


def _gemm(case: Case, width: float) -> Work:
    m, n, k = case["m"], case["n"], case["k"]
    return 2.0 * m * n * k, width * (m * k + n * k) + max(2.0, width) * m * n


def _prefill(case: Case, width: float) -> Work:
    new, kv, batch, dim = case["q_len"], case["kv_len"], case["batch"], case["head_dim"]
    pairs = batch * (new * (kv - new) + new * (new + 1) / 2)
    tokens = 2 * new * case["heads"] + 2 * kv * case["kv_heads"]
    return 4.0 * pairs * case["heads"] * dim, width * batch * dim * tokens


def _decode(case: Case, width: float) -> Work:
    kv_tokens, dim = case["batch"] * case["kv_len"], case["head_dim"]
    queries = 2.0 * case["batch"] * case["heads"] * dim
    return 4.0 * kv_tokens * case["heads"] * dim, width * (2.0 * kv_tokens * case["kv_heads"] * dim + queries)


def _moe(case: Case, width: float) -> Work:
    rows, weights = case["m"] * case["topk"], 3.0 * case["n"] * case["k"]
    touched = min(case["experts"], rows)
    return 2.0 * rows * weights, width * (touched * weights + rows * (2.0 * case["k"] + 3.0 * case["n"]))


def _rows(passes: float) -> Callable[[Case, float], Work]:
    """An element-wise kernel that moves ``passes`` times m x n elements."""
    return lambda case, width: (0.0, passes * width * case["m"] * case["n"])


def _rotary(case: Case, width: float) -> Work:
    return 0.0, 2.0 * width * case["m"] * (case["heads"] + case["kv_heads"]) * case["head_dim"]


def _copy(case: Case, width: float) -> Work:
    return 0.0, float(case["bytes"]) * (2 if case.op == "copy_d2d" else 1)


def _nothing(case: Case, width: float) -> Work:
    return 0.0, 0.0


_WORK: dict[str, Callable[[Case, float], Work]] = {
    "gemm": _gemm,
    "attn_prefill": _prefill,
    "attn_decode": _decode,
    "moe": _moe,
    "norm": _rows(2),
    "rotary": _rotary,
    "activation": _rows(3),
    "softmax": _rows(2),
    "embedding": _rows(2),
    "sample_greedy": _rows(1),
    "sample_top_p": _rows(1),
    "copy_h2d": _copy,
    "copy_d2h": _copy,
    "copy_d2d": _copy,
    "launch": _nothing,
}


def work_of(case: Case) -> Work:
    """``(FLOPs, bytes)`` one call cannot do without; causal attention counts half of its square."""
    return _WORK[case.op](case, BYTES[case.dtype])


def stored_bytes(case: Case) -> float:
    """Bytes of a call's operands, read or not: a mixture of experts stores those it does not touch as well."""
    if case.op != "moe":
        return work_of(case)[1]
    rows, weights = case["m"] * case["topk"], 3.0 * case["n"] * case["k"]
    return BYTES[case.dtype] * (case["experts"] * weights + rows * (2.0 * case["k"] + 3.0 * case["n"]))
