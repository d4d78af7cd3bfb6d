"""Mixtures of experts: gather by expert, gate and up, SiLU, down, scatter back. Routing is given, evenly spread."""

from __future__ import annotations

from typing import Any

from calibration.measure.case import Case, Unsupported
from calibration.measure.kernels.bench import Bench, Call, Taker


def build_experts(bench: Bench, case: Case) -> list[Call]:
    """Calls of one layer of routed, gated experts."""
    make = _grouped if case.kernel == "torch_grouped_mm" else _loop
    variants = bench.variants(case)
    return [make(bench, case, bench.taker(variant, variants)) for variant in range(variants)]


def _routing(bench: Bench, case: Case) -> tuple[Any, Any]:
    """``(token of each row, rows of each expert)``, rows sorted by expert; expert counts differ by one at most."""
    torch = bench.torch
    tokens, chosen, experts = case["m"], case["topk"], case["experts"]
    choice = torch.arange(tokens * chosen) % experts
    order = torch.argsort(choice, stable=True)
    counts = torch.bincount(choice, minlength=experts)
    return (order // chosen).to(bench.device), counts


def _weights(bench: Bench, case: Case, take: Taker) -> tuple[Any, Any, Any]:
    dtype, experts, hidden, inner = bench.dtype(case.dtype), case["experts"], case["k"], case["n"]
    rows = take(dtype, case["m"], hidden)
    return rows, take(dtype, experts, 2 * inner, hidden), take(dtype, experts, hidden, inner)


def _combine(torch: Any, rows: Any, token: Any, out: Any) -> Any:
    return torch.zeros_like(rows).index_add_(0, token, out)


def _loop(bench: Bench, case: Case, take: Taker) -> Call:
    torch = bench.torch
    rows, gate_up, down = _weights(bench, case, take)
    token, counts = _routing(bench, case)
    linear, silu, sizes = torch.nn.functional.linear, torch.nn.functional.silu, counts.tolist()

    def call() -> Any:
        parts = []
        for expert, part in enumerate(rows[token].split(sizes)):
            if len(part):
                gate, up = linear(part, gate_up[expert]).chunk(2, dim=-1)
                parts.append(linear(silu(gate) * up, down[expert]))
        return _combine(torch, rows, token, torch.cat(parts))

    return call


def _grouped(bench: Bench, case: Case, take: Taker) -> Call:
    torch = bench.torch
    if not hasattr(torch, "_grouped_mm"):
        raise Unsupported(f"torch {torch.__version__} has no _grouped_mm")
    rows, gate_up, down = _weights(bench, case, take)
    token, counts = _routing(bench, case)
    ends = counts.cumsum(0).to(torch.int32).to(bench.device)
    silu = torch.nn.functional.silu

    def call() -> Any:
        gate, up = torch._grouped_mm(rows[token], gate_up.transpose(1, 2), offs=ends).chunk(2, dim=-1)
        out = torch._grouped_mm(silu(gate) * up, down.transpose(1, 2), offs=ends)
        return _combine(torch, rows, token, out)

    return call
