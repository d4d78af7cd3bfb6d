"""What one replica carries under tighter and looser latency goals, from whole runs at a few loads."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simulator.planning.fleets import Fleet
from simulator.planning.replica import Replica
from simulator.study.goals import Goal
from simulator.study.probe import Probe
from simulator.study.stability import STABLE

FACTORS = (0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.25, 1.6, 2.0, 3.0, 4.0)
"""Factors on the bounds of the latency goals."""

LOADS = 12
"""Loads simulated, from a twentieth of the capacity to the closed-form bound (or twice the capacity)."""


def capacities(replica: Replica, fleet: Fleet) -> list[tuple[float, float]]:
    """``(factor, requests/s)`` for every factor some load can meet; empty without a latency goal."""
    goals = [goal for goal in fleet.brief.goals if goal.is_latency]
    if not goals:
        return []
    assert fleet.row.found is not None
    best = fleet.row.found.best
    assert best is not None
    assert best.capacity is not None
    most = min(replica.bound(best.limits), 2.0 * best.capacity.rate)
    prober = replica.prober(best.limits, best.capacity.requests)
    seed = fleet.brief.plan.search.seed
    loads = np.geomspace(best.capacity.rate / 20, most, LOADS)
    probes = [prober.probe(float(load), seed, whole=True) for load in loads]
    found = ((factor, _largest(probes, goals, factor)) for factor in FACTORS)
    return [(factor, rate) for factor, rate in found if rate is not None]


def _largest(probes: Sequence[Probe], goals: Sequence[Goal], factor: float) -> float | None:
    """Largest load at which every goal holds with its bound times ``factor``; log-linear between runs."""
    rates = [_crossing(probes, goal, factor * goal.bound) for goal in goals]
    stable = [probe.load for probe in probes if STABLE not in probe.missed]
    known = [rate for rate in rates if rate is not None]
    return min(*known, max(stable)) if stable and len(known) == len(rates) else None


def _crossing(probes: Sequence[Probe], goal: Goal, bound: float) -> float | None:
    """Load at which the goal's value first passes the bound; the last load where it never does, None where the first
    is already beyond."""
    before: tuple[float, float] | None = None
    for probe in probes:
        value = probe.values[goal.text]
        if value is None:
            continue
        if value > bound:
            return None if before is None else _between(before, (probe.load, value), bound)
        before = (probe.load, value)
    return None if before is None else before[0]


def _between(low: tuple[float, float], high: tuple[float, float], bound: float) -> float:
    (load, value), (next_load, next_value) = low, high
    if value <= 0:
        return load
    share = math.log(bound / value) / math.log(next_value / value)
    return load * (next_load / load) ** share
