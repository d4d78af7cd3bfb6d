"""The search with one seed; with several seeds one after the other, or each in a process of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.scenario.schema import Scenario
from simulator.study.probe import TOO_SHORT, Probe, Prober
from simulator.study.question import Question
from simulator.study.search import Turn, find_peak, find_turn
from simulator.validation.workers import map_tasks

OnProbe = Callable[[Probe], None]

AGAIN = 2
"""Rungs of the first stride of a later seed, which begins where the first one ended."""


@dataclass(frozen=True)
class SeedResult:
    """Where one seed's runs turn from met to missed, and every run it took."""

    seed: int
    turn: Turn
    probes: tuple[Probe, ...]

    @property
    def too_short(self) -> bool:
        """The length of the run is the limit: the lowest load that misses anything misses no goal."""
        missed = [probe for probe in self.probes if not probe.met]
        return bool(missed) and min(missed, key=lambda probe: probe.load).missed == (TOO_SHORT,)


class SeedSearch:
    """Probes rungs of the load's ladder with one seed; a rung is simulated once."""

    def __init__(self, prober: Prober, seed: int, on_probe: OnProbe | None = None) -> None:
        self._prober, self._seed, self._on_probe = prober, seed, on_probe
        self._found: dict[int, Probe] = {}
        self._spent: list[Probe] = []

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Every run, in order; a rung stands twice where a stopped run was taken up again to its end."""
        return tuple(self._spent)

    def at(self, rung: int, *, whole: bool = False) -> Probe:
        """The run at a rung; ``whole``: simulated to the end."""
        found = self._found.get(rung)
        if found is None or (whole and not found.complete):
            found = self._prober.probe(self._prober.load.ladder[rung], self._seed, whole=whole)
            self._found[rung] = found
            self._spent.append(found)
            if self._on_probe is not None:
                self._on_probe(found)
        return found

    def start_of_rate(self) -> int:
        """The rung nearest to the throughput of all requests sent at (almost) once. Runs above it are short."""
        ladder = self._prober.load.ladder
        throughput = self.at(len(ladder) - 1, whole=True).summary["request_throughput"] or ladder[-1]
        return min(range(len(ladder)), key=lambda rung: abs(math.log(ladder[rung] / throughput)))

    def turn(self, start: int, stride: int) -> Turn:
        """The last rung that meets the goals and the first that does not."""
        turn = find_turn(lambda rung: self.at(rung).met, len(self._prober.load.ladder), start, stride)
        if turn.last_yes is not None and any(goal.rises_with_load for goal in self._prober.goals):
            self.at(turn.last_yes, whole=True)  # throughputs are those of whole runs
        return turn

    def peak(self, start: int, stride: int) -> Turn:
        """The rung with the most goodput among those that meet the goals, as a turn: it lies between its neighbours."""
        rungs = len(self._prober.load.ladder)
        rung = find_peak(self._goodput, rungs, start, stride)
        if self._goodput(rung) < 0:
            return Turn(None, 0)
        return Turn(max(rung - 1, 0), min(rung + 1, rungs - 1))

    def _goodput(self, rung: int) -> float:
        """Requests per second that meet the objectives; below zero, and falling, where a goal is missed."""
        probe = self.at(rung, whole=True)
        return float(probe.summary["request_goodput"] or 0.0) if probe.met else -float(rung + 1)


def search_seed(
    question: Question, prober: Prober, seed: int, start: int | None, stride: int, on_probe: OnProbe | None
) -> tuple[SeedSearch, SeedResult]:
    """Search with one seed from a rung; None: from where a first look says."""
    search = SeedSearch(prober, seed, on_probe)
    if start is None:
        start = prober.load.start if question.maximize == "concurrency" else search.start_of_rate()
    turn = search.peak(start, stride) if question.maximize == "goodput" else search.turn(start, stride)
    return search, SeedResult(seed, turn, search.probes)


def first_stride(question: Question) -> int:
    """Rungs that double the load: the first stride when nothing is known."""
    return max(1, round(math.log(2) / math.log1p(question.tolerance)))


def later_seeds(
    question: Question, prober: Prober, seeds: Sequence[int], start: int, workers: int, on_probe: OnProbe | None
) -> Iterator[SeedResult]:
    """The other seeds, all from where the first one ended, so that the answer does not depend on ``workers``."""
    stride = first_stride(question) if question.maximize == "goodput" else AGAIN
    if workers <= 1 or len(seeds) < 2:
        for seed in seeds:
            _, result = search_seed(question, prober, seed, start, stride, on_probe)
            yield _light(result)
        return
    content = question.scenario.model_dump()
    tasks = [_Task(content, replace(question, scenario=_NO_SCENARIO), seed, start, stride) for seed in seeds]
    for result in map_tasks(_search_apart, tasks, min(workers, len(seeds))):
        for probe in result.probes:
            if on_probe is not None:
                on_probe(probe)
        yield result


_NO_SCENARIO: Any = None


@dataclass(frozen=True)
class _Task:
    """A seed's search for another process. Scenarios travel as plain data: their sections are made while running."""

    content: dict[str, Any]
    question: Question
    seed: int
    start: int
    stride: int


def _search_apart(task: _Task) -> SeedResult:
    question = replace(task.question, scenario=Scenario(**task.content))
    prober = Prober(question.scenario, question.load(), question.goals, question.objectives)
    _, result = search_seed(question, prober, task.seed, task.start, task.stride, None)
    return _light(result)


def _light(result: SeedResult) -> SeedResult:
    return replace(result, probes=tuple(probe.without_records() for probe in result.probes))
