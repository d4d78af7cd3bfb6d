"""``plan(...)``: enumerate, prune, search, confirm; from a plan file, a ``Plan`` or keyword arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from simulator.planning.branch_and_bound import Ranked, rank
from simulator.planning.brief import Brief
from simulator.planning.configuration import Configuration, Rejected, configurations
from simulator.planning.examine import Examined
from simulator.planning.failures import nothing_fits, nothing_priced, out_of_reach
from simulator.planning.fleets import Fleet
from simulator.planning.notes import notes_of
from simulator.planning.result import PlanResult
from simulator.planning.schema import Plan
from simulator.planning.workbench import Prospect, Workbench, Workers
from simulator.validation.workers import shared_map
from simulator.wiring import wire

OnStage = Callable[[str, int, int, str], None]
"""Called with the stage, how much of it is done, how much there is, and the leader in words."""


def plan(
    question: Plan | str | Path | None = None, /, *, workers: int = 1, on_stage: OnStage | None = None, **keys: Any
) -> PlanResult:
    """The cheapest fleet (or the one with least energy, devices or carbon) that carries the traffic under the goals.

    ``question``: a ``Plan``, the path of a plan file, or None with the file's keys as keyword arguments::

        plan(model="llama-3.1-8b", workload="azure-conv-2023", traffic={"rate_per_s": 50},
             goals=["ttft:p95<500ms", "tpot:p95<40ms"], hardware=["h100", "l40s"])

    ``workers``: processes; the answer is the same for any number. Raises ``InputError`` where no fleet can do it: it
    says what stands in the way.
    """
    asked = question if isinstance(question, Plan) else Plan.from_yaml(question) if question else Plan(**keys)
    tell: OnStage = on_stage or (lambda *_: None)
    local = Workbench(asked)
    with shared_map(workers) as mapped:
        team = Workers(local, mapped)
        prospects, rejected = _prospects(asked, team, tell)
        if not prospects:
            raise nothing_fits(asked, rejected)
        priced = [one for one in prospects if one.terms.known(asked.minimize)]
        if not priced:
            raise nothing_priced(asked, prospects)
        ranking = rank(local.brief, priced, team, lambda done, total, best: tell("searching", done, total, best))
        if not ranking.known:
            raise out_of_reach(local, ranking.rows)
        fleets = _finalists(local.brief, ranking.known, team, tell)
    unpriced = tuple(one for one in prospects if not one.terms.known(asked.minimize))
    return PlanResult(
        brief=local.brief,
        fleets=tuple(fleets),
        ranking=ranking,
        unpriced=unpriced,
        rejected=tuple(rejected),
        notes=notes_of(local.brief, fleets, ranking, unpriced),
    )


def _prospects(asked: Plan, team: Workers, tell: OnStage) -> tuple[list[Prospect], list[Rejected]]:
    listed = list(configurations(asked))
    can_run = [one for one in listed if isinstance(one, Configuration)]
    rejected = [one for one in listed if isinstance(one, Rejected)]
    prospects: list[Prospect] = []
    for done, one in enumerate(team.prospects(can_run), start=1):
        (prospects if isinstance(one, Prospect) else rejected).append(one)  # type: ignore[arg-type]
        tell("bounding", done, len(can_run), "")
    return prospects, rejected


def _finalists(brief: Brief, known: Sequence[Ranked], team: Workers, tell: OnStage) -> list[Fleet]:
    """The best by one replica's capacity and the best of each hardware, and every other that the runs of whole fleets
    leave a chance; best first."""
    count = brief.plan.search.finalists
    fleets: list[Fleet] = []
    rest = list(known)
    chosen = rest[:count] + _promising(rest[count:], rest[:count], fleets)
    while chosen:
        tell("confirming", len(fleets), len(fleets) + len(chosen), "")
        examined = list(team.examined([(row.prospect.configuration, _best(row)) for row in chosen]))
        fleets += [_fleet(brief, row, one) for row, one in zip(chosen, examined, strict=True)]
        fleets.sort(key=lambda fleet: fleet.order)
        rest = [row for row in rest if row not in chosen]
        chosen = _promising(rest, [], fleets)
    return fleets


def _promising(rest: Sequence[Ranked], chosen: Sequence[Ranked], fleets: Sequence[Fleet]) -> list[Ranked]:
    """Of each hardware the best one left, unless a fleet of it that is known to do, or is chosen already, is better."""
    best = {fleet.row.prospect.device: fleet.key for fleet in sorted(fleets, key=lambda fleet: fleet.key, reverse=True)}
    settled = {row.prospect.device for row in chosen}
    found = []
    for row in rest:
        device = row.prospect.device
        if device not in settled and row.key is not None and (device not in best or row.key < best[device]):
            settled.add(device)
            found.append(row)
    return found


def _best(row: Ranked) -> Any:
    assert row.found is not None
    return row.found.best


def _fleet(brief: Brief, row: Ranked, examined: Examined) -> Fleet:
    total = examined.active + brief.plan.spare_replicas
    limits = _best(row).limits
    peak = examined.peak
    scenario = brief.scenario(row.prospect.configuration, limits, peak.requests, replicas=total, rate=peak.rate)
    return Fleet(brief, row, examined, wire(scenario).scenario)
