"""From the turns of several seeds to one answer with its interval.

Each seed's run turns from met to missed between two neighbouring loads. Their logarithms are independent samples, so
the mean capacity has a Student-t interval; it is widened by the distance of the two loads, since a turn may lie
anywhere between them. With one seed only that distance is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.metrics.confidence import t_interval
from simulator.study.search import Turn


@dataclass(frozen=True)
class Estimate:
    """``load``: geometric mean of the largest loads that meet the goals; ``low``..``high``: 95 % interval of the load
    at which the goals turn from met to missed (with one seed: the step between the two loads)."""

    load: float
    low: float
    high: float


def estimate(turns: Sequence[Turn], ladder: Sequence[float], *, between: bool = False) -> Estimate:
    """The estimate from turns; a turn beyond an end of the ladder counts as that end.

    ``between``: the load lies halfway between the two rungs of a turn, as a peak does, not at the lower one.
    """
    last, first = len(ladder) - 1, 0
    held = [ladder[first if turn.last_yes is None else turn.last_yes] for turn in turns]
    missed = [ladder[last if turn.first_no is None else turn.first_no] for turn in turns]
    (low, _), (_, high) = _interval(held), _interval(missed)
    load = _geometric_mean(held + missed if between else held)
    return Estimate(load, min(low, load), max(high, load))


def _geometric_mean(loads: Sequence[float]) -> float:
    """Never a rounding error beyond the loads themselves: at the mean of equal loads holds what holds at each."""
    mean = math.exp(sum(map(math.log, loads)) / len(loads))
    return min(max(mean, min(loads)), max(loads))


def _interval(loads: Sequence[float]) -> tuple[float, float]:
    found = t_interval([math.log(load) for load in loads])
    return (math.exp(found[0]), math.exp(found[1])) if found else (loads[0], loads[0])
