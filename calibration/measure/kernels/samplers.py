"""Sampling from (m, n) logits: greedy, and top-p by sorting the vocabulary."""

from __future__ import annotations

from typing import Any

from calibration.measure.case import Case
from calibration.measure.kernels.bench import Bench, Call

TOP_P = 0.9


def top_p_tokens(torch: Any, logits: Any, top_p: float = TOP_P) -> Any:
    """One token per row from the smallest set of words whose probability reaches ``top_p``; exponential-race draw."""
    ordered, words = torch.sort(logits, dim=-1, descending=True)
    probabilities = torch.softmax(ordered, dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities
    kept = probabilities.masked_fill(before > top_p, 0.0)
    race = kept / torch.empty_like(kept).exponential_()
    return words.gather(-1, race.argmax(dim=-1, keepdim=True))


def build_sampler(bench: Bench, case: Case) -> list[Call]:
    """Calls of one sampling step."""
    torch, dtype = bench.torch, bench.dtype(case.dtype)
    variants = bench.variants(case)

    def make(variant: int) -> Call:
        logits = bench.taker(variant, variants)(dtype, case["m"], case["n"])
        if case.op == "sample_greedy":
            return lambda: torch.argmax(logits, dim=-1)
        return lambda: top_p_tokens(torch, logits)

    return [make(variant) for variant in range(variants)]
