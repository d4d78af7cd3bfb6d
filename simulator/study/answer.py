"""The answer to a question about the largest load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from simulator.metrics.goodput import Objectives
from simulator.study.goals import Goal
from simulator.study.interval import Estimate
from simulator.study.probe import Probe
from simulator.study.seed_search import SeedResult

if TYPE_CHECKING:
    from pandas import DataFrame

    from simulator.study.charts import GoalCharts

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
    objectives: what makes a request good, for goodput.
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
    objectives: Objectives
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
    def at_least(self) -> bool:
        """The load is a lower bound: with some seed the end of the search range, or the length of the run, is the limit
        and not a goal."""
        return self.status != "none_met" and any(one.turn.first_no is None or one.too_short for one in self.seeds)

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

    @cached_property
    def points(self) -> DataFrame:
        """One row per run, by load and seed: goals in ms (latencies), per second or as a share, and the main figures.

        ``role`` is ``search`` or ``chart``; rows of runs that were stopped early tell what was simulated of them.
        """
        from simulator.study.tables import points_frame

        return points_frame(self)

    @property
    def plot(self) -> GoalCharts:
        """Charts of the answer: ``answer.plot.latency_load()``, ``answer.plot.goodput_load()``."""
        from simulator.study.charts import GoalCharts

        return GoalCharts(self)

    def __repr__(self) -> str:
        """The answer in words; the runs behind it are many."""
        from simulator.study.sentences import in_words

        return "\n".join((self.title, *(f"  {sentence}" for sentence in in_words(self))))

    def _repr_html_(self) -> str:
        from html import escape

        from simulator.study.sentences import in_words

        return f"<p><b>{escape(self.title)}</b></p>" + "".join(f"<p>{escape(text)}</p>" for text in in_words(self))

    def share_met(self, load: float) -> float:
        """Share of the seeds that meet the goals at a load, by where they turn."""
        met = [one.turn.last_yes is not None and self.ladder[one.turn.last_yes] >= load for one in self.seeds]
        return sum(met) / len(met)
