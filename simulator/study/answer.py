"""The answer to a question about the largest load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from simulator.study.goals import Goal
from simulator.study.interval import Estimate
from simulator.study.probe import Probe
from simulator.study.seed_search import SeedResult

Status = Literal["found", "all_met", "none_met"]


@dataclass(frozen=True)
class Binding:
    """What stands in the way of more load.

    ``goals``: missed first beyond the answer; ``resource``: what the server runs out of; ``text``: in words.
    """

    goals: tuple[str, ...]
    resource: str
    text: str


@dataclass(frozen=True)
class Work:
    """What the search simulated: runs, those stopped before their end, requests, engine steps."""

    runs: int
    stopped: int
    requests: int
    engine_steps: int

    @classmethod
    def of(cls, probes: Sequence[Probe]) -> Work:
        """The sums over runs."""
        return cls(
            len(probes),
            sum(not probe.complete for probe in probes),
            sum(probe.requests for probe in probes),
            sum(probe.engine_steps for probe in probes),
        )


@dataclass(frozen=True)
class GoalAnswer:
    """The largest load that meets the goals.

    Attributes
    ----------
    status: ``found``; ``all_met``: even the highest load tried meets them; ``none_met``: not even the lowest does.
    estimate: load and 95 % interval, in ``unit``.
    seeds: each seed's turn and runs, the first seed first.
    ladder: the loads that could be tried.
    too_low: throughput goals that the largest load meeting the others does not reach: no load meets all.
    curve: whole runs of the first seed at loads around the answer, for the charts; not part of ``work``.
    provenance: as of a run (``simulator.provenance``), at the steps of the first seed's run next to its turn.
    """

    title: str
    maximize: str
    unit: str
    goals: tuple[Goal, ...]
    status: Status
    estimate: Estimate
    seeds: tuple[SeedResult, ...]
    ladder: tuple[float, ...]
    binding: Binding | None
    too_low: tuple[str, ...]
    curve: tuple[Probe, ...]
    work: Work
    notes: tuple[str, ...]
    provenance: dict[str, Any]

    @property
    def probes(self) -> list[Probe]:
        """Every run of the search."""
        return [probe for one in self.seeds for probe in one.probes]

    @property
    def met_by_all(self) -> float | None:
        """Load up to which every seed met the goals; None where one seed never did."""
        turns = [one.turn.last_yes for one in self.seeds]
        rungs = [rung for rung in turns if rung is not None]
        return self.ladder[min(rungs)] if len(rungs) == len(turns) else None

    @property
    def met_by_none(self) -> float | None:
        """Load from which on no seed met the goals; None where one seed always did."""
        turns = [one.turn.first_no for one in self.seeds]
        rungs = [rung for rung in turns if rung is not None]
        return self.ladder[max(rungs)] if len(rungs) == len(turns) else None

    @property
    def largest_goodput(self) -> float | None:
        """Requests per second that meet the objectives, at each seed's best load, mean over seeds; None when another
        load was asked for, or no load meets the goals."""
        if self.maximize != "goodput" or self.status == "none_met":
            return None
        best = [
            max((probe.summary["request_goodput"] or 0.0 for probe in one.probes if probe.met), default=0.0)
            for one in self.seeds
        ]
        return float(sum(best) / len(best))

    def share_met(self, load: float) -> float:
        """Share of the seeds that meet the goals at a load, by where they turn."""
        met = [one.turn.last_yes is not None and self.ladder[one.turn.last_yes] >= load for one in self.seeds]
        return sum(met) / len(met)
