"""What would change the answer: traffic, lengths of texts, and the error of the step times.

Rates need no run: the fleet's capacity per replica says how many replicas another rate takes. Longer texts and slower
steps were searched for every finalist (``examine``); all finalists are sized again and ranked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.planning.fleets import Fleet

RATES = (0.8, 1.2)
"""Factors on the rate that are tried."""

Z80 = 1.2815515655446004
"""Standard deviations at the ends of an 80 % band of a normal distribution."""

DRAWS = 4000


@dataclass(frozen=True)
class Case:
    """One change. ``replicas``: of each finalist, None = goals out of reach; ``best``: which finalist is best then."""

    name: str
    replicas: tuple[int | None, ...]
    objectives: tuple[float | None, ...]
    best: int | None


@dataclass(frozen=True)
class Certainty:
    """How sure the answer is, as far as the error of the step times goes.

    ``winner_best``: share of the draws in which no finalist needs less than the first. ``best``: the same of each.
    ``goals_hold``: share in which its fleet, spares idle, still meets the goals at the design rate; ``at_peak``: with
    its spares, at the peak. ``assumption``: in words.
    """

    winner_best: float
    best: tuple[float, ...]
    goals_hold: float
    at_peak: float
    assumption: str


ASSUMPTION = (
    "step times err within their 80 % band, normally on the log scale, alike for all finalists on one kind of device "
    "and independently between kinds; goals, lengths, prices and traffic as stated"
)


def cases(fleets: Sequence[Fleet]) -> list[Case]:
    """Every change, for finalists in their order."""
    rates = fleets[0].brief.rates
    found = [_case(f"traffic {factor - 1:+.0%}", fleets, rates.design * factor, lambda _: 1.0) for factor in RATES]
    for place, (factor, _) in enumerate(fleets[0].examined.what_if.lengths):
        found.append(_case(f"lengths {factor - 1:+.0%}", fleets, rates.design, _length(place)))
    found.append(_case("steps at the slow end", fleets, rates.design, lambda fleet: fleet.examined.what_if.slow_steps))
    found.append(_case("steps at the fast end", fleets, rates.design, lambda fleet: fleet.examined.what_if.fast_steps))
    return found


def certainty(fleets: Sequence[Fleet]) -> Certainty:
    """Draw the errors of the step times and size the finalists again, ``DRAWS`` times with one seed."""
    rates, seed = fleets[0].brief.rates, fleets[0].brief.plan.search.seed
    rng = np.random.default_rng([seed, DRAWS])
    devices = sorted({fleet.row.prospect.device for fleet in fleets})
    errors = dict(zip(devices, rng.standard_normal((len(devices), DRAWS)), strict=True))
    wins, holds, at_peak = [0] * len(fleets), 0, 0
    for draw in range(DRAWS):
        factors = [_factor(fleet, float(errors[fleet.row.prospect.device][draw])) for fleet in fleets]
        counts = [fleet.replicas_at(rates.design, factor) for fleet, factor in zip(fleets, factors, strict=True)]
        values = _values(fleets, counts)
        least = min((value for value in values if value is not None), default=None)
        for place, value in enumerate(values):
            wins[place] += value is not None and value == least
        holds += counts[0] is not None and counts[0] <= fleets[0].replicas
        at_peak += fleets[0].replicas * fleets[0].examined.per_replica * factors[0] >= rates.peak * (1 - 1e-9)
    shares = tuple(won / DRAWS for won in wins)
    return Certainty(shares[0], shares, holds / DRAWS, at_peak / DRAWS, ASSUMPTION)


def _case(name: str, fleets: Sequence[Fleet], rate: float, factor: Callable[[Fleet], float]) -> Case:
    counts = [fleet.replicas_at(rate, factor(fleet)) for fleet in fleets]
    return Case(name, tuple(counts), tuple(_values(fleets, counts)), _best(fleets, counts))


def _values(fleets: Sequence[Fleet], counts: Sequence[int | None]) -> list[float | None]:
    return [None if count is None else fleet.objective_of(count) for fleet, count in zip(fleets, counts, strict=True)]


def _length(place: int) -> Callable[[Fleet], float]:
    return lambda fleet: fleet.examined.what_if.lengths[place][1]


def _best(fleets: Sequence[Fleet], counts: Sequence[int | None]) -> int | None:
    """Place of the finalist that needs least with so many replicas, the first of equals."""
    keys = [(value, place) for place, value in enumerate(_values(fleets, counts)) if value is not None]
    return min(keys)[1] if keys else None


def _factor(fleet: Fleet, deviations: float) -> float:
    """Factor on a replica's capacity when its steps are so many standard deviations slower (below 0: faster)."""
    end = fleet.examined.what_if.slow_steps if deviations > 0 else fleet.examined.what_if.fast_steps
    return float(max(end, 0.0) ** (abs(deviations) / Z80)) if end > 0 else 0.0
