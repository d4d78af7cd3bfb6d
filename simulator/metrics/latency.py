"""Latencies of finished requests, as ``vllm bench serve`` defines them.

* TTFT = first token - arrival
* E2EL = last token - arrival
* TPOT = (E2EL - TTFT) / (output tokens - 1); requests of one token have none (AIPerf calls this "inter token latency")
* queue time = start of the first step that computes any of the request's tokens - arrival
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.metrics.logs import RequestLog

Floats = npt.NDArray[np.float64]

STATISTICS = ("mean", "median", "std", "p90", "p95", "p99")
"""Statistics given for each latency, in ``vllm bench serve``'s spelling."""

PROBABILITIES = (0.5, 0.9, 0.95, 0.99)
"""Those of them that are quantiles: median, p90, p95, p99."""


@dataclass(frozen=True)
class Latencies:
    """Seconds, one entry per counted request (``tpot_s`` leaves out requests of one token)."""

    ttft_s: Floats
    tpot_s: Floats
    e2el_s: Floats
    queue_s: Floats

    @classmethod
    def of(cls, log: RequestLog, counted: npt.NDArray[np.bool_]) -> Latencies:
        """Latencies of the rows where ``counted`` (n,) is true; all of them must have finished."""
        rows: Any = slice(None) if counted.all() else counted
        arrival = log.column("arrival_s")[rows]
        ttft = log.column("first_token_s")[rows] - arrival
        e2el = log.column("finish_s")[rows] - arrival
        gaps = log.column("emitted_tokens")[rows] - 1
        several = gaps > 0
        tpot = (e2el - ttft)[several] / gaps[several]
        return cls(ttft, tpot, e2el, log.column("scheduled_s")[rows] - arrival)

    def summary_ms(self) -> dict[str, float | None]:
        """``{mean,median,std,p90,p95,p99}_{ttft,tpot,e2el,queue_time}_ms``; None where there is no sample."""
        named = {"ttft": self.ttft_s, "tpot": self.tpot_s, "e2el": self.e2el_s, "queue_time": self.queue_s}
        return {key: value for name, values in named.items() for key, value in _statistics_ms(name, values).items()}


def statistics_ms(name: str, mean_s: float, std_s: float, quantiles_s: list[float]) -> dict[str, float | None]:
    """Summary keys of one latency: mean, std and the quantiles of ``PROBABILITIES`` in seconds, out in ms."""
    median, p90, p95, p99 = quantiles_s
    values = (mean_s, median, std_s, p90, p95, p99)
    return {f"{statistic}_{name}_ms": 1e3 * value for statistic, value in zip(STATISTICS, values, strict=True)}


def no_statistics(name: str) -> dict[str, float | None]:
    """The same keys for a latency without a sample."""
    return {f"{statistic}_{name}_ms": None for statistic in STATISTICS}


def _statistics_ms(name: str, values_s: Floats) -> dict[str, float | None]:
    if not len(values_s):
        return no_statistics(name)
    quantiles = np.quantile(values_s, PROBABILITIES).tolist()
    return statistics_ms(name, float(values_s.mean()), float(values_s.std()), quantiles)
