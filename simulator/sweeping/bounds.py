"""Goals as a sieve: of all points only those that meet ``ttft:p99<500ms`` and the like are of interest."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.errors import InputError
from simulator.study.goal_text import parse_goal
from simulator.study.goals import Goal, Metric
from simulator.sweeping.metrics import Metrics

_STATISTICS = {None: "mean", 0.5: "median", 0.9: "p90", 0.95: "p95", 0.99: "p99"}
"""Quantile -> how a summary's keys name it."""

_RATES = {
    Metric.GOODPUT_SHARE: "goodput_share",
    Metric.GOODPUT: "request_goodput",
    Metric.REQUEST_THROUGHPUT: "request_throughput",
    Metric.OUTPUT_THROUGHPUT: "output_throughput",
    Metric.TOTAL_THROUGHPUT: "total_token_throughput",
}


class Bounds:
    """Goals that are held against a point's metrics. Raises ``InputError`` for a statistic that points do not keep."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._goals = [(goal := parse_goal(text), _metric_of(goal)) for text in texts]

    @property
    def text(self) -> str:
        """The goals as they were written, with commas."""
        return ", ".join(goal.text for goal, _ in self._goals)

    def __bool__(self) -> bool:
        return bool(self._goals)

    def met(self, metrics: Metrics) -> bool:
        """Whether a point meets all of them."""
        return all(goal.holds(_value(goal, metrics.get(name))) for goal, name in self._goals)


def _metric_of(goal: Goal) -> str:
    if not goal.is_latency:
        return _RATES[goal.metric]
    if goal.quantile not in _STATISTICS:
        raise InputError("points keep mean, median, p90, p95 and p99 only", file=f"--goal {goal.text}")
    return f"{_STATISTICS[goal.quantile]}_{goal.metric.value}_ms"


def _value(goal: Goal, figure: float | None) -> float | None:
    """In the units of the bound: seconds for latencies."""
    return figure / 1e3 if figure is not None and goal.is_latency else figure
