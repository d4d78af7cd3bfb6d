"""Matrix multiplies in every format: ``(m x k) @ (n x k)^T``, the weight stored as linear layers store it."""

from __future__ import annotations

from typing import Any

from calibration.measure.case import Case, Unsupported
from calibration.measure.kernels.bench import Bench, Call, Taker


def build_gemm(bench: Bench, case: Case) -> list[Call]:
    """Calls of one multiply; fp8 through ``torch._scaled_mm``, int8 through ``torch._int_mm``."""
    make = {"fp8": _scaled, "int8": _integer}.get(case.dtype, _linear)
    variants = bench.variants(case)
    return [make(bench, case, bench.taker(variant, variants)) for variant in range(variants)]


def _operands(bench: Bench, case: Case, take: Taker) -> tuple[Any, Any]:
    dtype = bench.dtype(case.dtype)
    return take(dtype, case["m"], case["k"]), take(dtype, case["n"], case["k"])


def _linear(bench: Bench, case: Case, take: Taker) -> Call:
    rows, weight = _operands(bench, case, take)
    linear = bench.torch.nn.functional.linear
    return lambda: linear(rows, weight)


def _scaled(bench: Bench, case: Case, take: Taker) -> Call:
    """One scale per tensor, bf16 out, fast accumulation: what serving engines call for fp8 checkpoints."""
    torch = bench.torch
    if not hasattr(torch, "_scaled_mm"):
        raise Unsupported(f"torch {torch.__version__} has no _scaled_mm")
    rows, weight = _operands(bench, case, take)
    one = torch.ones((), device=bench.device)
    return lambda: torch._scaled_mm(
        rows, weight.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16, use_fast_accum=True
    )


def _integer(bench: Bench, case: Case, take: Taker) -> Call:
    torch = bench.torch
    if not hasattr(torch, "_int_mm"):
        raise Unsupported(f"torch {torch.__version__} has no _int_mm")
    rows, weight = _operands(bench, case, take)
    return lambda: torch._int_mm(rows, weight.t())
