"""When a run need not go on: its outcome is certain, or the part seen so far leaves no reasonable doubt.

Certain, for any workload: so many requests have missed a bound already that the goal is lost whatever the rest does.
Beyond reasonable doubt, for stationary arrivals once the system has filled: batch means (``BATCHES`` of them, in order
of arrival, so that neighbouring requests may be as alike as they like) put the share of misses, or the mean, on one
side of the limit by ``T999`` standard errors and by a margin besides; or the backlog grows; and "met" also needs a
backlog that does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from simulator.metrics.goodput import Objectives
from simulator.metrics.latency import Latencies
from simulator.metrics.logs import FINISHED, RequestLog, StepLog
from simulator.study.goals import Goal, Metric, latencies_of
from simulator.study.stability import BATCHES, STABLE, T999, backlog_drift

Floats = npt.NDArray[np.float64]

FILLED = 1.5
"""Mean times in the system that must have passed before the judged half of a run begins."""

CLEAR = 1.5
"""Factor by which a statistic must lie beyond its bound, on either side, to be clear."""

LEAST_MISSES = 10
"""Misses that a sample must be expected to hold at the limit before their number says anything."""

LEAST_FINISHED = 400

RUNAWAY = 0.5
"""Share of the arrivals by which the backlog must grow for a run to be called hopeless before its end: busy servers
that keep up have swells too, and those of a short stretch look like trends."""


@dataclass(frozen=True)
class Early:
    """An outcome known before the end: the goals missed (none: all met), and how that is known."""

    missed: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Sofar:
    """A run under way.

    ``total``: requests that will count at most; ``total_gaps``: gaps between tokens there will be at most; ``from_s``:
    end of the warm-up; ``waiting_since_s``: arrival of every request that still waits for its first step.
    """

    now_s: float
    log: RequestLog
    steps: Sequence[StepLog]
    total: int
    total_gaps: int
    from_s: float
    waiting_since_s: Floats

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """(n,) finished requests behind the warm-up."""
        return (self.log.column("status") == FINISHED) & (self.log.column("arrival_s") >= self.from_s)


def certain_miss(goals: Sequence[Goal], sofar: Sofar, objectives: Objectives) -> Early | None:
    """The first goal that is lost whatever the rest of the run brings."""
    counted = sofar.counted
    latencies = Latencies.of(sofar.log, counted)
    for goal in goals:
        if goal.metric is Metric.GOODPUT_SHARE:
            missed = int(np.count_nonzero(~objectives.met(sofar.log, counted)))
            lost = missed > (1 - goal.bound) * sofar.total
        elif not goal.is_latency:
            continue
        elif goal.metric is Metric.ITL:
            gaps, counts = _gaps(sofar)
            lost = _lost(goal, int(counts[gaps > goal.bound].sum()), float((gaps * counts).sum()), sofar.total_gaps)
        else:
            values = latencies_of(goal.metric, latencies)
            late = int(np.count_nonzero(values > goal.bound)) + _late_waiters(goal, sofar)
            lost = _lost(goal, late, float(values.sum()), sofar.total)
        if lost:
            return Early((goal.text,), "lost whatever follows")
    return None


def beyond_doubt(goals: Sequence[Goal], sofar: Sofar, objectives: Objectives) -> Early | None:
    """What the part seen so far leaves no doubt of; only to be asked for stationary arrivals."""
    log, counted = sofar.log, sofar.counted
    if int(np.count_nonzero(counted)) < LEAST_FINISHED:
        return None
    drift = backlog_drift(log.column("arrival_s"), log.column("finish_s"), filled=FILLED)
    if drift is None:
        return None
    if drift.grows(T999) and drift.slope > RUNAWAY:
        return Early((STABLE,), "the backlog grows")
    sides = {goal.text: _side(goal, sofar, counted, objectives) for goal in goals if not goal.rises_with_load}
    missed = tuple(text for text, side in sides.items() if side == "missed")
    if missed:
        return Early(missed, "clearly missed")
    if drift.flat() and all(side == "met" for side in sides.values()):
        return Early((), "clearly met")
    return None


def _lost(goal: Goal, late: int, total_s: float, total: int) -> bool:
    """Of ``total`` values at most, ``late`` lie beyond the bound and those seen add up to ``total_s``."""
    if goal.quantile is None:
        return total_s > goal.bound * total
    # The interpolated quantile lies above the bound once the value at the position below it does.
    return late >= total - int(goal.quantile * (total - 1))


def _late_waiters(goal: Goal, sofar: Sofar) -> int:
    """Requests still in the queue whose time there alone is beyond the bound."""
    if goal.metric is Metric.TPOT:
        return 0
    since = sofar.waiting_since_s
    return int(np.count_nonzero((since >= sofar.from_s) & (sofar.now_s - since > goal.bound)))


Side = Literal["met", "missed", "open"]


def _side(goal: Goal, sofar: Sofar, counted: npt.NDArray[np.bool_], objectives: Objectives) -> Side:
    if goal.metric is Metric.GOODPUT_SHARE:
        bad = (~objectives.met(sofar.log, counted)).astype(np.float64)
        return _share_side(bad, np.ones(len(bad)), 1 - goal.bound, clear_low=True, clear_high=True)
    if goal.metric is Metric.ITL:
        values, weights = _gaps(sofar)
    else:
        # Rows stand in order of arrival in an open loop.
        values = latencies_of(goal.metric, Latencies.of(sofar.log, counted))
        weights = np.ones(len(values))
    if len(values) < LEAST_FINISHED or not weights.any():
        return "open"
    if goal.quantile is None:
        return _mean_side(values, weights, goal.bound)
    limit = 1 - goal.quantile
    low, high = (_weighted_share(values > bound, weights) for bound in (goal.bound / CLEAR, goal.bound * CLEAR))
    bad = (values > goal.bound).astype(np.float64)
    return _share_side(bad, weights, limit, clear_low=low < limit, clear_high=high > limit)


def _share_side(bad: Floats, weights: Floats, limit: float, *, clear_low: bool, clear_high: bool) -> Side:
    if limit * len(bad) < LEAST_MISSES:
        return "open"
    mean, error = _batch_means(bad, weights)
    if clear_low and mean + T999 * error < limit / CLEAR:
        return "met"
    return "missed" if clear_high and mean - T999 * error > limit * CLEAR else "open"


def _mean_side(values: Floats, weights: Floats, bound: float) -> Side:
    mean, error = _batch_means(values, weights)
    if mean + T999 * error < bound / CLEAR:
        return "met"
    return "missed" if mean - T999 * error > bound * CLEAR else "open"


def _batch_means(values: Floats, weights: Floats) -> tuple[float, float]:
    """Mean and its standard error from the means of consecutive batches."""
    size = len(values) // BATCHES
    kept = slice(len(values) - size * BATCHES, None)
    sums = (values[kept] * weights[kept]).reshape(BATCHES, size).sum(axis=1)
    counts = weights[kept].reshape(BATCHES, size).sum(axis=1)
    means = sums[counts > 0] / counts[counts > 0]
    if len(means) < BATCHES // 2:
        return float(means.mean()), float("inf")
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))


def _weighted_share(chosen: npt.NDArray[np.bool_], weights: Floats) -> float:
    return float(weights[chosen].sum() / weights.sum())


def _gaps(sofar: Sofar) -> tuple[Floats, Floats]:
    """Time between step ends (s) and the requests that saw it as a gap; the few odd gaps are left out."""
    gaps, counts = [], []
    for log in sofar.steps:
        ends = log.column("end_s")
        gaps.append(np.diff(ends))
        seen = log.column("gap_seqs")[1 : len(ends)].astype(np.float64)
        counts.append(np.where(ends[1:] >= sofar.from_s, seen, 0.0))
    return np.concatenate(gaps), np.concatenate(counts)
