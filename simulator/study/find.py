"""``find(question)``: search with every seed, put the turns together, say what binds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.cost.uncertainty import step_band
from simulator.errors import InputError
from simulator.metrics.step_mix import step_mix
from simulator.metrics.work import operator_shares
from simulator.provenance import provenance
from simulator.run_title import wired_title
from simulator.study.answer import Binding, GoalAnswer, Status, Work
from simulator.study.binding import what_binds
from simulator.study.interval import estimate
from simulator.study.probe import Probe, Prober
from simulator.study.question import Question
from simulator.study.search import Turn
from simulator.study.seed_search import OnProbe, SeedResult, SeedSearch, first_stride, later_seeds, search_seed
from simulator.study.stability import FEWEST
from simulator.workload.same import same_requests
from simulator.workload.workload import Workload

NEARLY_WHOLE = 0.8
"""Share of the requests from which on a run that was stopped says what binds; the rest would cost a run more."""

CURVE = (0.1, 0.25, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0)
"""Loads of the charts, as multiples of the answer."""


def find(
    question: Question,
    *,
    workers: int = 1,
    curve: bool = False,
    on_probe: OnProbe | None = None,
    prober: Prober | None = None,
) -> GoalAnswer:
    """The largest load that meets the goals of a question.

    The first seed gallops and bisects; a rate begins at the throughput of all requests sent at once, which no stable
    rate is much above, a concurrency at the scenario's own. The other seeds begin where the first one ended.
    ``workers``: processes for the other seeds; the answer is the same for any number. ``curve``: also run whole runs of
    the first seed around the answer, for the charts. ``prober``: runs the first seed (and with one worker the others)
    with loads and step times of its own. Raises ``InputError`` for a scenario that cannot be run.
    """
    prober = prober or Prober(question.scenario, question.load(), question.goals, question.objectives)
    load = prober.load
    first_seed = question.scenario.run.seed
    workload = load.workload(load.ladder[load.start], first_seed)
    _refuse_few(question, workload)
    search, first = search_seed(question, prober, first_seed, None, first_stride(question), on_probe)
    notes = [*question.notes, *prober.wiring.notes]
    seeds = list(range(first_seed + 1, first_seed + _seeds_that_differ(question, prober, notes)))
    found = [first, *later_seeds(question, prober, seeds, _middle(first.turn, load.start), workers, on_probe)]
    binding = _binding(question, prober, search, first.turn, len(workload.table))
    found[0] = SeedResult(first_seed, first.turn, search.probes)
    turns = [one.turn for one in found]
    answer = estimate(turns, load.ladder, between=question.maximize == "goodput")
    probes = [probe for one in found for probe in one.probes]
    notes += _notes(found)
    return GoalAnswer(
        title=wired_title(prober.wiring, workload.description),
        maximize=question.maximize,
        unit=load.unit,
        goals=question.goals,
        objectives=question.objectives,
        status=_status(turns),
        estimate=answer,
        seeds=tuple(found),
        ladder=load.ladder,
        binding=binding,
        too_low=_too_low(search, first.turn),
        curve=_curve(prober, first_seed, answer.load, load.ladder) if curve else (),
        work=Work.of(probes),
        notes=tuple(notes),
        provenance=_provenance(prober, search, first.turn, workload),
    )


def _seeds_that_differ(question: Question, prober: Prober, notes: list[str]) -> int:
    """One, with a note, where nothing is drawn at random."""
    if question.seeds == 1 or prober.wiring.acceptance is not None:
        return question.seeds
    load, seed = prober.load.ladder[prober.load.start], question.scenario.run.seed
    if not same_requests(prober.load.workload(load, seed), prober.load.workload(load, seed + 1)):
        return question.seeds
    notes.append("one seed: nothing in this scenario is drawn at random, so the interval is the step between two loads")
    return 1


def _middle(turn: Turn, otherwise: int) -> int:
    """Where the next seed begins."""
    rungs = [rung for rung in (turn.last_yes, turn.first_no) if rung is not None]
    return rungs[0] if rungs else otherwise


def _status(turns: Sequence[Turn]) -> Status:
    if all(turn.first_no is None for turn in turns):
        return "all_met"
    return "none_met" if all(turn.last_yes is None for turn in turns) else "found"


def _binding(question: Question, prober: Prober, search: SeedSearch, turn: Turn, requests: int) -> Binding | None:
    """From a run of the first seed at the first load that misses, whole or nearly; None where every load meets the
    goals."""
    if turn.first_no is None:
        return None
    missed = search.at(turn.first_no)
    if missed.requests < NEARLY_WHOLE * requests or question.maximize == "goodput":
        missed = search.at(turn.first_no, whole=True)
    if missed.met and question.maximize != "goodput":
        return None
    missed = prober.with_utilisation(missed)
    return what_binds(missed, question.goals, question.objectives, prober.wiring.engine)


def _too_low(search: SeedSearch, turn: Turn) -> tuple[str, ...]:
    return () if turn.last_yes is None else search.at(turn.last_yes).too_low


def _provenance(prober: Prober, search: SeedSearch, turn: Turn, workload: Workload) -> dict[str, Any]:
    """Where the numbers are from; of the largest load that meets the goals, else of the lowest."""
    probe = search.at(turn.last_yes if turn.last_yes is not None else 0)
    assert probe.records is not None
    shares = operator_shares(prober.wiring.deployment, step_mix(probe.records.steps))
    return provenance(prober.wiring, workload, shares, step_band(prober.wiring.deployment, shares))


def _curve(prober: Prober, seed: int, answer: float, ladder: Sequence[float]) -> tuple[Probe, ...]:
    whole = prober.load.unit != "requests/s"
    wanted = {max(1.0, float(round(share * answer))) if whole else share * answer for share in CURVE}
    inside = [load for load in sorted(wanted) if load <= ladder[-1] * (1 + 1e-9)]
    return tuple(prober.probe(load, seed, whole=True).without_records() for load in inside)


def _notes(found: Sequence[SeedResult]) -> list[str]:
    notes = []
    turns = [one.turn for one in found]
    ends = sum(turn.first_no is None or turn.last_yes is None for turn in turns)
    if 0 < ends < len(turns):
        notes.append(f"{ends} of {len(turns)} seeds reach an end of the search range: the interval is too narrow")
    short = sum(one.too_short for one in found)
    if short:
        notes.append(
            f"in {short} of {len(turns)} seeds the length of the run is the limit, not a goal: at more load all "
            "requests are sent before the system has filled, which shows nothing. A lower bound: send more requests"
        )
    return notes


def _refuse_few(question: Question, workload: Workload) -> None:
    if question.maximize != "concurrency" and len(workload.table) < FEWEST:
        error = InputError(
            f"has too few requests to tell whether a rate is sustained; at least {FEWEST}, better thousands",
            path="workload",
            value=len(workload.table),
        )
        raise question.scenario.located(error)
