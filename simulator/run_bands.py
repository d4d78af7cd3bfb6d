"""80 % bands of a run's metrics: the same requests served again with every step at its low and at its high factor.

So a queue answers to the cost model's error as a real one would: near saturation a step 4 % slower may double TTFT.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.cluster.simulation import Progress
from simulator.cost.uncertainty import Factors, delivery_band, load_band_terms, metric_band
from simulator.metrics.summary import RunRecords, Summary
from simulator.serving_run import simulate_wiring, summary_of
from simulator.wiring import Wiring

BANDS_UP_TO = 20_000
"""Requests up to which the command line finds bands unasked; they take two more simulations."""

_STATISTICS = ("mean", "median", "p50", "p90", "p95", "p99")
_DISCREPANCIES = {"ttft": "ttft", "tpot": "tpot", "itl": "tpot", "e2el": "e2el"}
"""Latency -> its discrepancy among ``BandTerms.metrics``."""
_RATES = ("request_throughput", "request_goodput", "output_throughput", "total_token_throughput")


def banded_metrics() -> dict[str, str]:
    """Summary key -> discrepancy, of every metric that gets a band."""
    latencies = {
        f"{statistic}_{latency}_ms": metric for latency, metric in _DISCREPANCIES.items() for statistic in _STATISTICS
    }
    return latencies | dict.fromkeys(_RATES, "throughput")


def run_bands(
    wiring: Wiring,
    records: RunRecords,
    summary: Summary,
    factors: Factors,
    seed: int,
    on_progress: Sequence[Progress | None] = (None, None),
) -> Summary:
    """``<metric>_low`` and ``<metric>_high`` for every banded metric of ``summary``, the run with ``seed``.

    ``factors``: step band of that run (``cost.uncertainty.step_band``). Its requests are served twice more, fast and
    slow; first tokens are delivered early and late.
    """
    terms = load_band_terms()
    ends = zip(factors, delivery_band(wiring.deployment.engine), on_progress, strict=True)
    fast, slow = (
        summary_of(wiring, RunRecords(records.workload, outcome.request_log, outcome.step_logs))
        for outcome in (
            simulate_wiring(wiring, records.workload, seed, factor=factor, delivery_s=delivery_s, on_progress=progress)
            for factor, delivery_s, progress in ends
        )
    )
    found: Summary = {}
    for key, metric in banded_metrics().items():
        value, quick, late = (one.get(key) for one in (summary, fast, slow))
        if value is None or quick is None or late is None:
            continue
        found[f"{key}_low"], found[f"{key}_high"] = metric_band(value, quick, late, terms.metrics[metric])
    return found


def moved_to(bands: Summary, first: Summary, mean: Summary) -> Summary:
    """Bands of the first seed around the mean of several: relative widths stay."""
    moved: Summary = {}
    for key in banded_metrics():
        if f"{key}_low" in bands and first[key]:
            for end in (f"{key}_low", f"{key}_high"):
                moved[end] = mean[key] * bands[end] / first[key]
    return moved
