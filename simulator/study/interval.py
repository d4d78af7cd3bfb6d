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
    met = [math.log(ladder[first if turn.last_yes is None else turn.last_yes]) for turn in turns]
    missed = [math.log(ladder[last if turn.first_no is None else turn.first_no]) for turn in turns]
    low, high = t_interval(met) or (met[0], met[0]), t_interval(missed) or (missed[0], missed[0])
    centre = sum(met + missed) / (2 * len(met)) if between else sum(met) / len(met)
    return Estimate(math.exp(centre), math.exp(low[0]), math.exp(high[1]))
