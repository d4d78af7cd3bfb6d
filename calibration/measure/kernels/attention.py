"""Prefill and decode attention: torch's fused SDPA, SDPA per sequence, and paged variable-length flash attention.

K and V lie as (batch, KV heads, KV tokens, head size) for SDPA and as pages of 256 tokens for the paged kernel. Grouped
queries are left to the kernel (``enable_gqa``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from calibration.measure.case import Case, Unsupported
from calibration.measure.kernels.bench import Bench, Call, Taker

PAGE = 256


def build_attention(bench: Bench, case: Case) -> list[Call]:
    """Calls of one attention layer over a batch of equal sequences."""
    make = _LIBRARIES[case.kernel]
    variants = bench.variants(case)
    return [make(bench, case, bench.taker(variant, variants)) for variant in range(variants)]


def new_tokens(case: Case) -> int:
    """Query tokens per sequence."""
    return 1 if case.op == "attn_decode" else case["q_len"]


def causal_mask(torch: Any, new: int, kv: int, device: Any) -> Any:
    """``(new, kv)`` booleans: query i sees the first ``kv - new + i + 1`` tokens."""
    return torch.ones(new, kv, dtype=torch.bool, device=device).tril(kv - new)


def _masking(bench: Bench, new: int, kv: int) -> dict[str, Any]:
    """A decode sees everything; a fresh prompt is plainly causal; a chunk on a context needs its mask."""
    if new == 1:
        return {}
    if new == kv:
        return {"is_causal": True}
    if bench.device.type == "cuda":
        from torch.nn.attention.bias import causal_lower_right

        return {"attn_mask": causal_lower_right(new, kv)}
    return {"attn_mask": causal_mask(bench.torch, new, kv, bench.device)}


def _sdpa(bench: Bench, case: Case, take: Taker) -> Call:
    batch, new, kv, dim = case["batch"], new_tokens(case), case["kv_len"], case["head_dim"]
    dtype = bench.dtype(case.dtype)
    query = take(dtype, batch, case["heads"], new, dim)
    keys, values = (take(dtype, batch, case["kv_heads"], kv, dim) for _ in range(2))
    options = _masking(bench, new, kv) | {"enable_gqa": case["heads"] != case["kv_heads"]}
    attend = bench.torch.nn.functional.scaled_dot_product_attention
    return lambda: attend(query, keys, values, **options)


def _per_sequence(bench: Bench, case: Case, take: Taker) -> Call:
    """One SDPA call per sequence, outputs joined: a batch of unequal contexts without a paged kernel."""
    torch = bench.torch
    batch, dim, dtype = case["batch"], case["head_dim"], bench.dtype(case.dtype)
    query = take(dtype, batch, case["heads"], 1, dim)
    keys, values = (take(dtype, batch, case["kv_heads"], case["kv_len"], dim) for _ in range(2))
    attend = torch.nn.functional.scaled_dot_product_attention
    grouped = case["heads"] != case["kv_heads"]

    def call() -> Any:
        parts = [attend(query[i : i + 1], keys[i : i + 1], values[i : i + 1], enable_gqa=grouped) for i in range(batch)]
        return torch.cat(parts)

    return call


def _paged(bench: Bench, case: Case, take: Taker) -> Call:
    """``torch.nn.attention.varlen.varlen_attn`` with a block table (torch 2.12 and later)."""
    torch = bench.torch
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        raise Unsupported(f"torch {torch.__version__} has no paged variable-length attention") from None
    batch, new, kv, dim = case["batch"], new_tokens(case), case["kv_len"], case["head_dim"]
    pages = -(-kv // PAGE)
    dtype = bench.dtype(case.dtype)
    query = take(dtype, batch * new, case["heads"], dim)
    keys, values = (take(dtype, batch * pages, PAGE, case["kv_heads"], dim) for _ in range(2))
    starts = torch.arange(batch + 1, dtype=torch.int32, device=bench.device) * new
    used = torch.full((batch,), kv, dtype=torch.int32, device=bench.device)
    table = torch.arange(batch * pages, dtype=torch.int32, device=bench.device).view(batch, pages)
    options: dict[str, Any] = {
        "seqused_k": used,
        "block_table": table,
        "enable_gqa": case["heads"] != case["kv_heads"],
        "window_size": (-1, 0),
    }
    return lambda: varlen_attn(query, keys, values, starts, None, new, kv, **options)


_LIBRARIES: dict[str, Callable[[Bench, Case, Taker], Call]] = {
    "torch_sdpa": _sdpa,
    "torch_sdpa_per_sequence": _per_sequence,
    "torch_varlen_paged": _paged,
}
