"""The 80 % band of a metric of a case: what the cost model's factors on a step make of it, and its own discrepancy."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.cost.uncertainty import BandTerms, metric_band


def discrepancy_of(metric: str) -> str:
    """Name of the discrepancy (``BandTerms.metrics``) a metric takes: ``ttft_p99_ms`` that of ``ttft``."""
    family = metric.split("_")[0]
    return {"ttft": "ttft", "prompt": "ttft", "tpot": "tpot", "e2e": "e2el"}.get(family, "throughput")


def metric_bounds(
    metric: str, figures: Mapping[str, float], spans: Mapping[str, tuple[float, float]], terms: BandTerms
) -> tuple[float, float]:
    """``(low, high)`` of a metric from its value and its span over the runs with faster and slower steps."""
    value = figures[metric]
    return metric_band(value, *spans.get(metric, (value, value)), terms.metrics[discrepancy_of(metric)])
