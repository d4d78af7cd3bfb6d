"""The load that is turned up: arrival rate or concurrency, on a ladder of values, under common random numbers.

Under one seed all loads send the same requests with the same lengths, and arrivals follow the same pattern, stretched:
two loads differ by the load and by nothing else.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import numpy as np

from simulator.errors import InputError
from simulator.workload.arrivals import (
    Arrivals,
    BurstIdleArrivals,
    ClosedLoopArrivals,
    ConstantArrivals,
    GammaArrivals,
    PoissonArrivals,
    RatedArrivals,
)
from simulator.workload.generate import generate
from simulator.workload.profiles import load_profile
from simulator.workload.spec import WorkloadSpec
from simulator.workload.workload import Workload

STATIONARY = (PoissonArrivals, GammaArrivals, ConstantArrivals, BurstIdleArrivals)
"""Processes whose later arrivals are like the earlier ones, so that a part of a run speaks for the rest."""

REACH = 1024.0
"""How many times the scenario's own rate the search goes up and down unless told."""

FIRST_CONCURRENCY = 8
"""Where the search begins when the scenario has no concurrency of its own."""


class Load(Protocol):
    """What is turned up.

    ``unit``; ``ladder``: rising loads that may be tried, each (1 + tolerance) times the one before or the next whole
    number; ``start``: index of the scenario's own load; ``stationary``: whether a part of a run speaks for the rest.
    """

    unit: str
    ladder: tuple[float, ...]
    start: int
    stationary: bool

    def workload(self, load: float, seed: int) -> Workload:
        """The requests of a seed under a load."""


class RateLoad:
    """Requests per second of an open loop. Raises ``InputError`` for a workload whose arrivals have no rate."""

    unit = "requests/s"

    def __init__(self, spec: WorkloadSpec, seed: int, low: float | None, high: float | None, tolerance: float) -> None:
        self._spec = spec
        arrival = arrival_of(spec)
        if isinstance(arrival, ClosedLoopArrivals):
            raise _no_rate("closed-loop arrivals, which have no rate", "use --maximize concurrency")
        self._recorded: tuple[int, Workload] | None = None
        self._own_rate = self._base(seed).offered_rate_per_s or 0.0
        if self._own_rate <= 0:
            raise _no_rate("no arrival rate: everything is sent at once", "use --maximize concurrency, or set arrivals")
        self.stationary = isinstance(arrival, STATIONARY) and spec.sessions is None
        lowest, highest = _limits(low, high, self._own_rate / REACH, self._own_rate * REACH, self._own_rate)
        begin = min(max(self._own_rate, lowest), highest)
        down, up = (int(math.log(ratio) / math.log1p(tolerance) + 1e-9) for ratio in (begin / lowest, highest / begin))
        self.ladder = tuple(begin * (1 + tolerance) ** rung for rung in range(-down, up + 1))
        self.start = down

    def workload(self, load: float, seed: int) -> Workload:
        """The requests of a seed, sent ``load`` per second on average."""
        multiplier = load / self._own_rate
        spec = self._spec
        if spec.trace is not None:
            recorded = self._base(seed)
            table = replace(recorded.table, arrival_s=recorded.table.arrival_s / multiplier)
            return replace(recorded, table=table, offered_rate_per_s=load)
        return generate(at_multiple(spec, multiplier), seed)

    def _base(self, seed: int) -> Workload:
        """The workload at its own rate; the last one is kept, traces are long to read."""
        if self._recorded is None or self._recorded[0] != seed:
            self._recorded = (seed, generate(self._spec, seed))
        return self._recorded[1]


class ConcurrencyLoad:
    """Requests in flight of a closed loop. Raises ``InputError`` for sessions, which wait for one another."""

    unit = "requests in flight"
    stationary = False  # all clients begin at once: the beginning of a run is unlike the rest

    def __init__(self, spec: WorkloadSpec, seed: int, low: float | None, high: float | None, tolerance: float) -> None:
        arrival = arrival_of(spec)
        closed = arrival if isinstance(arrival, ClosedLoopArrivals) else None
        self._spec, self._think_time_s = spec, closed.think_time_s if closed else 0.0
        self._kept = (seed, generate(spec, seed))
        if self._kept[1].table.after_row is not None:
            rule = "cannot be limited for sessions, whose requests wait for one another; use --maximize rate"
            raise InputError(rule, path="max_concurrency")
        wanted = float(closed.max_concurrency if closed else FIRST_CONCURRENCY)
        lowest, highest = _limits(low, high, 1.0, float(max(1, len(self._kept[1].table))), wanted)
        self.ladder = _whole_numbers(max(1, math.ceil(lowest)), math.floor(highest), tolerance)
        self.start = int(np.argmin([abs(load - wanted) for load in self.ladder]))

    def workload(self, load: float, seed: int) -> Workload:
        """The requests of a seed, at most ``load`` in flight."""
        if self._kept[0] != seed:
            self._kept = (seed, generate(self._spec, seed))
        work = self._kept[1]
        table = replace(work.table, arrival_s=np.zeros(len(work.table)))
        return Workload(table, int(load), self._think_time_s, work.description)


def arrival_of(spec: WorkloadSpec) -> Arrivals | None:
    """The arrival process of a workload; None where a recording has its own times."""
    if spec.synthetic is not None:
        return spec.synthetic.arrival
    if spec.profile is not None:
        return spec.profile.arrival or load_profile(spec.profile.name).spec.arrival
    if spec.sessions is not None:
        return spec.sessions.arrival
    return None


def at_multiple(spec: WorkloadSpec, multiplier: float) -> WorkloadSpec:
    """The same requests sent ``multiplier`` times as fast. Raises ``InputError`` for arrivals that have no rate."""
    if spec.synthetic is not None:
        arrival = _rated(spec.synthetic.arrival).at_rate(multiplier)
        return replace(spec, synthetic=replace(spec.synthetic, arrival=arrival))
    if spec.sessions is not None:
        arrival = _rated(spec.sessions.arrival).at_rate(multiplier)
        return replace(spec, sessions=replace(spec.sessions, arrival=arrival))
    if spec.profile is not None:
        _rated(spec.profile.arrival or load_profile(spec.profile.name).spec.arrival)
        faster = spec.profile.rate_multiplier * multiplier
        return replace(spec, profile=replace(spec.profile, rate_multiplier=faster))
    if spec.trace is not None:
        if spec.trace.arrival is not None:
            return replace(spec, trace=replace(spec.trace, arrival=_rated(spec.trace.arrival).at_rate(multiplier)))
        return replace(spec, trace=replace(spec.trace, rate_scale=spec.trace.rate_scale * multiplier))
    assert spec.servegen is not None
    return replace(spec, servegen=replace(spec.servegen, rate_multiplier=spec.servegen.rate_multiplier * multiplier))


def _rated(arrival: Arrivals) -> RatedArrivals:
    if isinstance(arrival, RatedArrivals):
        return arrival
    raise _no_rate(
        f"{arrival.kind} arrivals, which have no rate", "set an arrival process that has one, such as poisson"
    )


def _limits(low: float | None, high: float | None, least: float, most: float, start: float) -> tuple[float, float]:
    """The user's limits, or ours, wide enough to hold the user's."""
    lowest, highest = least if low is None else low, most if high is None else high
    if low is None:
        lowest = min(lowest, highest)
    if high is None:
        highest = max(highest, lowest)
    for name, value in (("--low", low), ("--high", high)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise InputError("must be a positive number", file=name, value=value)
    if highest < lowest:
        raise InputError(f"must be at least --low ({lowest:g})", file="--high", value=high)
    return lowest, highest


def _whole_numbers(lowest: int, highest: int, tolerance: float) -> tuple[float, ...]:
    found, number = [], lowest
    while number <= highest:
        found.append(float(number))
        number = max(number + 1, int(number * (1 + tolerance)))
    return tuple(found) or (float(lowest),)


def _no_rate(has: str, hint: str) -> InputError:
    return InputError(f"has {has}", path="workload", hint=hint)
