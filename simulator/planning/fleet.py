"""A whole fleet on one clock: n replicas behind a splitter are not n times one replica.

Round robin gives each replica every n-th request: more even arrivals than one replica alone would see, so queues are
shorter. The number of replicas is therefore settled by runs of the whole fleet, up or down from what one replica's
capacity says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.cost.uncertainty import Factors, step_band
from simulator.metrics.step_mix import step_mix
from simulator.metrics.summary import Summary
from simulator.metrics.work import operator_shares
from simulator.planning.capacity import MOST_REQUESTS, Effort, decide
from simulator.planning.configuration import Limits
from simulator.planning.replica import Replica
from simulator.planning.search_limits import replicas_for
from simulator.serving_run import economics_of
from simulator.study.probe import TOO_SHORT
from simulator.study.search import find_turn


@dataclass(frozen=True)
class FleetRun:
    """A whole run.

    ``filled``: False where all requests were sent before the system had filled. ``values``: of the goals, by text, in
    their units. ``summary``: as of ``inferplan run``, with its economics. ``band``: 80 % factors on its mean step.
    """

    rate: float
    replicas: int
    requests: int
    met: bool
    filled: bool
    values: dict[str, float | None]
    summary: Summary
    band: Factors
    effort: Effort


@dataclass(frozen=True)
class Confirmed:
    """Active replicas that carry the design rate, by runs of the whole fleet; ``tried``: which numbers, and whether
    they did."""

    active: int
    tried: tuple[tuple[int, bool], ...]
    effort: Effort


def confirm(replica: Replica, limits: Limits, first: int) -> Confirmed:
    """Find the fewest replicas whose fleet meets the goals at the design rate, from ``first`` up or down."""
    rate, effort = replica.brief.rates.design, Effort()
    fewest = replicas_for(rate, replica.bound(limits))
    tried: dict[int, bool] = {}

    def holds(count: int) -> bool:
        nonlocal effort
        probe, spent = decide(replica, limits, rate, replicas=count, requests=_requests(replica, count))
        effort += spent
        # A fleet too large to fill within the requests at hand: the goals hold, that it keeps up one replica has shown.
        tried[count] = probe.met or (probe.missed == (TOO_SHORT,) and count >= first)
        return tried[count]

    most = max(4 * first + 8, fewest)
    start = max(first, fewest)
    turn = find_turn(lambda fewer: holds(most - fewer), most - fewest + 1, most - start, max(1, start // 16))
    active = most if turn.last_yes is None else most - turn.last_yes
    return Confirmed(active, tuple(sorted(tried.items())), effort)


def fleet_run(replica: Replica, limits: Limits, replicas: int, rate: float) -> FleetRun:
    """A whole run of the fleet at a rate, with what it draws and costs."""
    requests = _requests(replica, replicas)
    prober = replica.prober(limits, requests, replicas=replicas)
    probe = prober.probe(rate, replica.brief.plan.search.seed, whole=True)
    probe = prober.with_utilisation(probe)
    assert probe.records is not None
    economics: dict[str, Any] = economics_of(prober.wiring, probe.records)
    shares = operator_shares(prober.wiring.deployment, step_mix(probe.records.steps))
    return FleetRun(
        rate,
        replicas,
        probe.requests,
        probe.met or probe.missed == (TOO_SHORT,),
        TOO_SHORT not in probe.missed,
        probe.values,
        probe.summary | economics,
        step_band(prober.wiring.deployment, shares),
        Effort.of(probe),
    )


def _requests(replica: Replica, replicas: int) -> int:
    """As many for every replica as its own search had, three times that at least, up to ``MOST_REQUESTS``."""
    each = replica.brief.plan.search.requests
    return max(3 * each, min(replicas * each, MOST_REQUESTS))
