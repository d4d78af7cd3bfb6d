"""Requests per second one replica carries under the goals, by the goal search; with as many requests as that takes."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.planning.configuration import Limits
from simulator.planning.replica import Replica
from simulator.study.answer import Binding, GoalAnswer, Status, Work
from simulator.study.find import find
from simulator.study.probe import TOO_SHORT, Probe
from simulator.study.seed_search import AGAIN, search_seed

MOST_REQUESTS = 32_000
"""Requests a run is given at most, of one replica or of a fleet."""


@dataclass(frozen=True)
class Effort:
    """What was simulated: runs, requests, engine steps."""

    runs: int = 0
    requests: int = 0
    engine_steps: int = 0

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.runs + other.runs, self.requests + other.requests, self.engine_steps + other.engine_steps)

    @classmethod
    def of(cls, work: Work | Probe) -> Effort:
        """Of a search, or of one run."""
        return cls(work.runs if isinstance(work, Work) else 1, work.requests, work.engine_steps)


@dataclass(frozen=True)
class Capacity:
    """The largest rate one replica carries under the goals.

    ``rate``, ``low``, ``high``: requests/s and the interval of the search. ``status``: ``none_met`` where not even a
    trickle meets the goals. ``binding``: what stands in the way of more. ``requests``: of each run.
    """

    rate: float
    low: float
    high: float
    status: Status
    binding: Binding | None
    requests: int
    effort: Effort


def capacity(
    replica: Replica,
    limits: Limits,
    *,
    low: float | None = None,
    seeds: int = 1,
    requests: int | None = None,
    length_factor: float = 1.0,
    step_factor: float = 1.0,
) -> Capacity:
    """Search from ``low`` (requests/s) up. A run whose length is the limit is given more requests."""
    count, effort = requests or replica.brief.plan.search.requests, Effort()
    while True:
        prober = replica.prober(limits, count, low=low, length_factor=length_factor, step_factor=step_factor)
        answer = find(replica.brief.question(prober.wiring.scenario, low, seeds), prober=prober)
        effort += Effort.of(answer.work)
        if not _too_short(answer) or count >= MOST_REQUESTS:
            break
        count *= 2
    found = answer.estimate
    met = answer.status != "none_met"
    return Capacity(
        found.load if met else 0.0,
        found.low if met else 0.0,
        found.high if met else found.load,
        answer.status,
        answer.binding,
        count,
        effort,
    )


def nearby(
    replica: Replica,
    limits: Limits,
    known: Capacity,
    *,
    length_factor: float = 1.0,
    step_factor: float = 1.0,
) -> tuple[float, Effort]:
    """Requests per second one replica carries with other lengths or steps (0: none), searched around ``known`` with
    the same requests; nothing else is told."""
    prober = replica.prober(
        limits, known.requests, low=known.rate / 8, length_factor=length_factor, step_factor=step_factor
    )
    ladder, seed = prober.load.ladder, replica.brief.plan.search.seed
    guess = known.rate / (length_factor * step_factor)
    start = min(range(len(ladder)), key=lambda rung: abs(ladder[rung] - guess))
    question = replica.brief.question(prober.wiring.scenario, None, 1)
    _, found = search_seed(question, prober, seed, start, AGAIN, None)
    effort = sum((Effort.of(probe) for probe in found.probes), Effort())
    return (0.0 if found.turn.last_yes is None else ladder[found.turn.last_yes]), effort


def decide(replica: Replica, limits: Limits, rate: float, *, replicas: int = 1, requests: int) -> tuple[Probe, Effort]:
    """One run at a rate: are the goals met? ``requests`` grow while the run is too short to tell, to a limit."""
    count, effort = requests, Effort()
    while True:
        probe = replica.prober(limits, count, replicas=replicas).probe(rate, replica.brief.plan.search.seed)
        effort += Effort.of(probe)
        if probe.missed != (TOO_SHORT,) or count >= MOST_REQUESTS:
            return probe, effort
        count *= 2


def unloaded(replica: Replica, limits: Limits) -> dict[str, float | None]:
    """The goals' values, by goal text, when requests come so rarely that each has the replica to itself."""
    prober = replica.prober(limits, _ALONE)
    return prober.probe(prober.load.ladder[0], replica.brief.plan.search.seed, whole=True).values


_ALONE = 100
"""Requests of an unloaded run; it takes a step per output token."""


def _too_short(answer: GoalAnswer) -> bool:
    """Whether the length of the run, not a goal, is what the first seed's search ended at."""
    missed = [probe for probe in answer.seeds[0].probes if not probe.met]
    return bool(missed) and min(missed, key=lambda probe: probe.load).missed == (TOO_SHORT,)
