"""What a workload looks like, in the numbers people compare traces by."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.workload.prefix_reuse import prefix_reuse
from simulator.workload.table import IntColumn, RequestTable

PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)


def describe(table: RequestTable, block_size: int = 16) -> dict[str, Any]:
    """Summary of a table as plain numbers (``None`` where a figure is not defined), ready for JSON.

    Keys: ``num_requests``; ``span_s`` first to last arrival; ``rate_per_s`` = (n - 1) / span; ``gap_cv`` coefficient
    of variation of the gaps between arrivals; ``burstiness`` = 1 / gap_cv**2, the gamma shape that ``vllm bench`` calls
    so; ``prompt_tokens`` and ``output_tokens`` with ``mean``, ``min``, ``p1`` .. ``p99``, ``max``; ``spearman`` rank
    correlation of the two; ``prefix_reuse`` with ``per_block`` and ``per_token`` hit rates of an infinite cache of
    blocks of ``block_size`` tokens.
    """
    reuse = prefix_reuse(table, block_size)
    return {
        "num_requests": len(table),
        **_arrivals(table),
        "prompt_tokens": _lengths(table.prompt_tokens),
        "output_tokens": _lengths(table.output_tokens),
        "spearman": _spearman(table.prompt_tokens, table.output_tokens),
        "prefix_reuse": {
            "block_size": block_size,
            "per_block": reuse.block_hit_rate,
            "per_token": reuse.token_hit_rate,
        },
    }


def mean_rate_per_s(table: RequestTable) -> float | None:
    """Mean rate of arrivals, gaps over span; None when all arrive at once."""
    if not len(table) or table.arrival_s[-1] == table.arrival_s[0]:
        return None
    return (len(table) - 1) / float(table.arrival_s[-1] - table.arrival_s[0])


def _arrivals(table: RequestTable) -> dict[str, float | None]:
    rate_per_s = mean_rate_per_s(table)
    if rate_per_s is None:
        return {"span_s": 0.0, "rate_per_s": None, "gap_cv": None, "burstiness": None}
    cv = float(np.diff(table.arrival_s).std() * rate_per_s)
    return {
        "span_s": float(table.arrival_s[-1] - table.arrival_s[0]),
        "rate_per_s": rate_per_s,
        "gap_cv": cv,
        # Equal gaps leave a rounding error of about 1e-13 in the deviation.
        "burstiness": cv**-2 if cv > 1e-9 else None,
    }


def _lengths(tokens: IntColumn) -> dict[str, float] | None:
    if not len(tokens):
        return None
    quantiles = np.percentile(tokens, PERCENTILES)
    return {
        "mean": float(tokens.mean()),
        "min": float(tokens.min()),
        **{f"p{level}": float(value) for level, value in zip(PERCENTILES, quantiles, strict=True)},
        "max": float(tokens.max()),
    }


def _spearman(first: IntColumn, second: IntColumn) -> float | None:
    if len(first) < 2 or first.min() == first.max() or second.min() == second.max():
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)
