"""Inter-token latency, pooled over all gaps of all requests, without one number stored per gap.

Requests that decode in consecutive steps all see the same gap: the time between the two step ends. So the pooled
distribution is the step-to-step times, each weighted by the requests that emitted in both (``StepLog.gap_seqs``),
plus the listed exceptions (``odd_gaps_s``).

A gap is one between two deliveries, as ``vllm bench serve`` records it (one gap per streamed chunk): with speculation
several tokens may come in one chunk, and there is no gap inside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.metrics.latency import PROBABILITIES, no_statistics, statistics_ms
from simulator.metrics.logs import StepLog
from simulator.metrics.quantiles import WeightedSamples
from simulator.metrics.window import Window


def inter_token_gaps(steps: Sequence[StepLog], window: Window) -> WeightedSamples:
    """The pooled gaps in seconds.

    A gap counts when the step that closes it ends inside ``window``. The exceptions carry no time of their own in the
    log; they count in full, whatever the window.
    """
    chunks = [_regular_gaps(log, window) for log in steps]
    for log in steps:
        odd = np.array(log.odd_gaps_s, dtype=np.float64)
        chunks.append((odd, np.ones(len(odd), dtype=np.int64)))
    return WeightedSamples(chunks)


def itl_summary_ms(gaps: WeightedSamples) -> dict[str, float | None]:
    """``{mean,median,std,p90,p95,p99}_itl_ms``; None when no request had two deliveries."""
    mean, std, quantiles = gaps.mean(), gaps.std(), gaps.quantiles(PROBABILITIES)
    if mean is None or std is None or quantiles is None:
        return no_statistics("itl")
    return statistics_ms("itl", mean, std, quantiles)


def _regular_gaps(log: StepLog, window: Window) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    ends = log.column("end_s")
    counts = log.column("gap_seqs").astype(np.int64)
    gaps = np.diff(ends)
    counts = counts[1:]
    if window.whole_run:
        return gaps, counts
    inside = (ends[1:] >= window.start_s) & (ends[1:] <= window.end_s)
    return gaps[inside], counts[inside]
