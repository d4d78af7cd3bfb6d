"""A finalist under the lens: its capacity with several seeds, whole fleets, and what would change the answer."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cost.uncertainty import Factors
from simulator.planning.capacity import Capacity, Effort, capacity, nearby
from simulator.planning.configuration import Limits
from simulator.planning.fleet import Confirmed, FleetRun, confirm, fleet_run
from simulator.planning.replica import Replica
from simulator.planning.search_limits import Tried, replicas_for

LENGTHS = (0.8, 1.2)
"""Factors on the lengths of texts that are tried."""


@dataclass(frozen=True)
class WhatIf:
    """Capacity of a replica under other lengths, or other step times, relative to the nominal one; 0 = goals out of
    reach."""

    lengths: tuple[tuple[float, float], ...]
    slow_steps: float
    fast_steps: float


@dataclass(frozen=True)
class Examined:
    """A finalist.

    ``capacity``: of one replica, over the seeds (requests/s). ``per_replica``: what one carries within the confirmed
    fleet. ``peak``, ``mean``: runs of the fleet with its spares, at the peak and in the mean hour. ``step_band``: 80 %
    factors on step times at the peak.
    """

    capacity: Capacity
    confirmed: Confirmed
    per_replica: float
    peak: FleetRun
    mean: FleetRun
    step_band: Factors
    what_if: WhatIf
    effort: Effort

    @property
    def active(self) -> int:
        """Replicas that must work for the goals to hold at the design rate."""
        return self.confirmed.active


def examine(replica: Replica, best: Tried) -> Examined:
    """Refine the capacity of ``best``, confirm its fleet, ask what if."""
    brief, limits = replica.brief, best.limits
    search, rates = brief.plan.search, brief.rates
    assert best.capacity is not None
    rough = best.capacity
    refined = capacity(
        replica, limits, low=rough.rate / 4, seeds=search.seeds, requests=max(2 * search.requests, rough.requests)
    )
    rate = refined.rate or rough.rate
    confirmed = confirm(replica, limits, replicas_for(rates.design, rate))
    total = confirmed.active + brief.plan.spare_replicas
    peak = mean = fleet_run(replica, limits, total, rates.peak)
    if rates.mean != rates.peak:
        mean = fleet_run(replica, limits, total, rates.mean)
    what_if, spent = _what_if(replica, best, peak.band)
    effort = refined.effort + confirmed.effort + peak.effort + mean.effort + spent
    per_replica = within_fleet(rate, rates.design, confirmed)
    return Examined(refined, confirmed, per_replica, peak, mean, peak.band, what_if, effort)


def within_fleet(rate: float, design: float, confirmed: Confirmed) -> float:
    """One replica's capacity, corrected to what the runs of the whole fleet showed (requests/s)."""
    shown = max(rate, design / confirmed.active)
    fewer = [count for count, met in confirmed.tried if not met and count < confirmed.active]
    return min(shown, design / max(fewer) * (1 - 1e-9)) if fewer else shown


def facility_watts(replica: Replica, limits: Limits, replicas: int) -> float | None:
    """Watts of the whole facility in the mean hour, from one of the replicas under its share of the traffic."""
    run = fleet_run(replica, limits, 1, replica.brief.rates.mean / replicas)
    joules, seconds = run.summary["facility_energy_j"], run.summary["duration"]
    return None if joules is None or not seconds else replicas * joules / seconds


def _what_if(replica: Replica, best: Tried, band: Factors) -> tuple[WhatIf, Effort]:
    assert best.capacity is not None
    nominal, effort = best.capacity, Effort()

    def ratio(length: float = 1.0, step: float = 1.0) -> float:
        nonlocal effort
        rate, spent = nearby(replica, best.limits, nominal, length_factor=length, step_factor=step)
        effort += spent
        return rate / nominal.rate

    low, high = band
    lengths = tuple((factor, ratio(length=factor)) for factor in LENGTHS)
    return WhatIf(lengths, ratio(step=high), ratio(step=low)), effort
