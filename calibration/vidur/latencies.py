"""Two runs of one request list held against each other, request by request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

METRICS = ("scheduling_delay", "ttft", "tpot", "e2e")
"""In seconds. ``tpot`` is decode time over *all* output tokens, as Vidur divides (its first token comes with the
prompt, so the usual divisor is one less)."""


@dataclass(frozen=True)
class Difference:
    """Of one metric over all requests, ours against theirs.

    ``mean_percent``, ``median_percent``, ``p99_percent``: difference of that statistic of the distribution.
    ``request_median``, ``request_p90``: absolute difference request by request, percent; ``request_median_ms`` in
    milliseconds.
    """

    metric: str
    mean_percent: float
    median_percent: float
    p99_percent: float
    request_median: float
    request_p90: float
    request_median_ms: float


def latencies(times: pd.DataFrame) -> pd.DataFrame:
    """Seconds of every metric, one row per request, from the times in Vidur's names."""
    arrived, prefilled, completed = (
        times[name] for name in ("arrived_at_s", "prefill_completed_at_s", "completed_at_s")
    )
    return pd.DataFrame(
        {
            "scheduling_delay": times["scheduled_at_s"] - arrived,
            "ttft": prefilled - arrived,
            "tpot": (completed - prefilled) / times["num_decode_tokens"],
            "e2e": completed - arrived,
        }
    )


def differences(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[Difference]:
    """One entry per metric; requests with a zero of theirs (scheduled at arrival) have no relative difference."""
    mine, other = latencies(ours), latencies(theirs)
    found = []
    for metric in METRICS:
        a, b = mine[metric], other[metric]
        apart = (a - b).abs()
        relative = 100 * (apart / b)[b > 1e-9]
        found.append(
            Difference(
                metric,
                _percent(a.mean(), b.mean()),
                _percent(a.median(), b.median()),
                _percent(a.quantile(0.99), b.quantile(0.99)),
                float(relative.median()),
                float(relative.quantile(0.9)),
                1e3 * float(apart.median()),
            )
        )
    return found


def _percent(ours: object, theirs: object) -> float:
    return 100 * (float(np.asarray(ours)) / float(np.asarray(theirs)) - 1)
