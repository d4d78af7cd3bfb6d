"""Goals: bounds on the statistics of a run, and what it takes for a run to meet them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from simulator.metrics.goodput import Objectives
from simulator.metrics.itl import inter_token_gaps
from simulator.metrics.latency import Latencies
from simulator.metrics.summary import RunRecords
from simulator.metrics.window import Window

Floats = npt.NDArray[np.float64]


class Metric(Enum):
    """What a goal bounds; the value is its name in goal strings. Units: latencies s, throughputs 1/s, share 0..1."""

    TTFT = "ttft"
    TPOT = "tpot"
    ITL = "itl"
    E2EL = "e2el"
    QUEUE_TIME = "queue_time"
    GOODPUT_SHARE = "goodput share"
    GOODPUT = "goodput"
    REQUEST_THROUGHPUT = "request_throughput"
    OUTPUT_THROUGHPUT = "output_throughput"
    TOTAL_THROUGHPUT = "total_token_throughput"


LATENCIES = (Metric.TTFT, Metric.TPOT, Metric.ITL, Metric.E2EL, Metric.QUEUE_TIME)
"""Metrics with an upper bound on a statistic; more load makes them worse."""

RISING = (Metric.GOODPUT, Metric.REQUEST_THROUGHPUT, Metric.OUTPUT_THROUGHPUT, Metric.TOTAL_THROUGHPUT)
"""Metrics with a lower bound that light load misses: they rise with the load until the system is full."""


@dataclass(frozen=True)
class Goal:
    """One bound.

    ``quantile``: 0..1 for percentiles of a latency, None for its mean and for everything that is no latency. ``bound``:
    seconds for latencies, per second for throughputs, 0..1 for the share of goodput. ``strict``: the bound itself is
    already a miss. ``text``: as the user wrote it.
    """

    metric: Metric
    bound: float
    text: str
    quantile: float | None = None
    strict: bool = False

    @property
    def is_latency(self) -> bool:
        """True for an upper bound on a latency."""
        return self.metric in LATENCIES

    @property
    def rises_with_load(self) -> bool:
        """True for a bound that too *little* load misses."""
        return self.metric in RISING

    @property
    def needs_objectives(self) -> bool:
        """True for goodput, which counts requests by objectives of their own."""
        return self.metric in (Metric.GOODPUT, Metric.GOODPUT_SHARE)

    def holds(self, value: float | None) -> bool:
        """Whether a run with this value meets the goal. A latency without a sample cannot be too long; a rate can be
        too low."""
        if value is None:
            return self.is_latency
        margin = self.bound - value if self.is_latency else value - self.bound
        return margin > 0 if self.strict else margin >= 0


def goal_value(goal: Goal, records: RunRecords, window: Window, objectives: Objectives) -> float | None:
    """The run's value of a goal's metric, in the units of ``Goal.bound``; None without a sample.

    Latencies are of the requests that arrive in the window, rates of those that finish in it, as in the summary;
    percentiles interpolate linearly (numpy's default, as in ``vllm bench serve``).
    """
    if goal.metric is Metric.ITL:
        gaps = inter_token_gaps(records.steps, window)
        if goal.quantile is None:
            return gaps.mean()
        found = gaps.quantiles([goal.quantile])
        return None if found is None else found[0]
    if goal.is_latency:
        return _statistic(latencies_of(goal.metric, Latencies.of(records.log, window.counted(records.log))), goal)
    done = window.completed(records.log)
    completed = int(np.count_nonzero(done))
    if goal.metric is Metric.GOODPUT_SHARE:
        return float(np.mean(objectives.met(records.log, done))) if completed else None
    count = _amount(goal.metric, records, done, objectives)
    return count / window.duration_s if window.duration_s > 0 else None


def latencies_of(metric: Metric, latencies: Latencies) -> Floats:
    """(m,) seconds of the requests, of one of the per-request latencies."""
    columns = {
        Metric.TTFT: latencies.ttft_s,
        Metric.TPOT: latencies.tpot_s,
        Metric.E2EL: latencies.e2el_s,
        Metric.QUEUE_TIME: latencies.queue_s,
    }
    return columns[metric]


def _statistic(values: Floats, goal: Goal) -> float | None:
    if not len(values):
        return None
    return float(values.mean() if goal.quantile is None else np.quantile(values, goal.quantile))


def _amount(metric: Metric, records: RunRecords, done: npt.NDArray[np.bool_], objectives: Objectives) -> int:
    if metric is Metric.GOODPUT:
        return int(np.count_nonzero(objectives.met(records.log, done)))
    if metric is Metric.REQUEST_THROUGHPUT:
        return int(np.count_nonzero(done))
    output = int(records.log.column("emitted_tokens")[done].sum())
    if metric is Metric.OUTPUT_THROUGHPUT:
        return output
    return output + int(records.workload.table.prompt_tokens[done].sum())
