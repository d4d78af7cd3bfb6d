"""The best engine limits of one configuration: only limits that could save a replica are simulated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from simulator.planning.capacity import Capacity, Effort, capacity, decide
from simulator.planning.configuration import Limits
from simulator.planning.replica import Replica

Outcome = Literal["searched", "bound", "run", "equal"]


@dataclass(frozen=True)
class Tried:
    """What became of one choice of engine limits.

    ``outcome``: ``searched``: its capacity was found; ``bound``: the closed form rules it out; ``run``: one run at
    ``needed`` requests/s per replica missed ``missed``.
    """

    limits: Limits
    bound: float
    outcome: Outcome
    needed: float | None = None
    missed: tuple[str, ...] = ()
    capacity: Capacity | None = None


@dataclass(frozen=True)
class Found:
    """The search of one configuration. ``best``: None where no limits can do with ``most`` replicas."""

    tried: tuple[Tried, ...]
    best: Tried | None
    replicas: int | None
    effort: Effort


def replicas_for(rate: float, per_replica: float) -> int:
    """Replicas that carry a rate (requests/s) between them."""
    return max(1, math.ceil(rate / per_replica * (1 - 1e-9)))


def search_limits(replica: Replica, most: int | None) -> Found:
    """Find the limits under which fewest replicas carry the design rate.

    ``most``: active replicas above which the configuration is of no interest; None = any number.
    """
    brief, exhaustive = replica.brief, replica.brief.plan.search.exhaustive
    best: Tried | None = None
    replicas, effort, tried = most, Effort(), []
    for limits in replica.limits():
        allowed = replicas if best is None or exhaustive or replicas is None else replicas - 1
        one, spent = _try(replica, limits, None if exhaustive else allowed)
        effort += spent
        tried.append(one)
        if one.capacity is None or one.capacity.status == "none_met":
            continue
        count = replicas_for(brief.rates.design, one.capacity.rate)
        if best is None or replicas is None or count < replicas:
            best, replicas = one, count
    return Found(tuple(tried), best, replicas if best is not None else None, effort)


def _try(replica: Replica, limits: Limits, most: int | None) -> tuple[Tried, Effort]:
    design, bound = replica.brief.rates.design, replica.bound(limits)
    if most is None:
        found = capacity(replica, limits)
        return Tried(limits, bound, "searched", capacity=found), found.effort
    if most < 1:
        return Tried(limits, bound, "equal"), Effort()
    needed = design / most
    if needed > bound:
        return Tried(limits, bound, "bound", needed), Effort()
    probe, effort = decide(replica, limits, needed, requests=replica.brief.plan.search.requests)
    if not probe.met:
        return Tried(limits, bound, "run", needed, probe.missed), effort
    found = capacity(replica, limits, low=needed)
    if found.status == "none_met":  # the run said yes, the search with other requests says no: a matter of chance
        return Tried(limits, bound, "run", needed, found.binding.goals if found.binding else ()), effort + found.effort
    return Tried(limits, bound, "searched", needed, capacity=found), effort + found.effort
