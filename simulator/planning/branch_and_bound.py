"""The best configurations, found without searching most of them.

Configurations are taken in the order of the least their fleet could need (closed-form bound). A configuration whose
least is no better than what the finalists so far need, and the best fleet of its own hardware, is of no interest. The
others are asked one question first: do the goals hold with as few replicas as it would take to be better? Only where
they do is the capacity searched. Configurations are asked in rounds of a fixed size, so that the answer and the work
are the same for any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.planning.brief import Brief
from simulator.planning.capacity import Effort
from simulator.planning.search_limits import Found, replicas_for
from simulator.planning.workbench import Prospect, Searched, Workers

ROUND = 4
"""Configurations asked between two looks at the finalists."""

Key = tuple[float, int, int]
"""Objective per hour, narrowed number formats, place in the plan: what the best fleet has least of."""

Verdict = Literal["ranked", "beaten", "pruned", "unreachable"]

OnRound = Callable[[int, int, str], None]
"""Called with configurations done, in all, and the leader in words."""


@dataclass(frozen=True)
class Ranked:
    """What the search says of a configuration that can run.

    ``verdict``: ``ranked``: its fleet is known; ``beaten``: asked, and it cannot do better than the finalists;
    ``pruned``: by its bound alone; ``unreachable``: no rate meets the goals. ``at_least``: least objective per hour.
    ``most``: active replicas with which it would have been a finalist.
    """

    prospect: Prospect
    verdict: Verdict
    at_least: float
    most: int | None = None
    found: Found | None = None
    key: Key | None = None

    @property
    def replicas(self) -> int | None:
        """Active replicas by the capacity of one."""
        return None if self.found is None else self.found.replicas


@dataclass(frozen=True)
class Ranking:
    """Every configuration, the known fleets first, best first; and the runs it took."""

    rows: tuple[Ranked, ...]
    effort: Effort

    @property
    def known(self) -> list[Ranked]:
        """Fleets whose size is known, best first."""
        return [row for row in self.rows if row.verdict == "ranked"]


def rank(brief: Brief, prospects: Sequence[Prospect], workers: Workers, on_round: OnRound | None = None) -> Ranking:
    """Search the prospects; the ``search.finalists`` best ones and the best of each hardware are among those ranked."""
    plan = brief.plan
    order = sorted(
        ((_least_key(brief, one, place), one) for place, one in enumerate(prospects)), key=lambda pair: pair[0]
    )
    rows: list[Ranked] = []
    waiting = list(order)
    while waiting:
        now, waiting = waiting[:ROUND], waiting[ROUND:]
        asked = []
        for least, one in now:
            to_beat = _to_beat(rows, one, plan.search.finalists)
            most = None if to_beat is None else _most(brief, one, least, to_beat)
            if most is not None and most < replicas_for(brief.rates.design, one.bound) and not plan.search.exhaustive:
                rows.append(Ranked(one, "pruned", least[0], most))
            else:
                asked.append((least, one, most))
        results = workers.searches([(one.configuration, most) for _, one, most in asked])
        for (least, one, most), searched in zip(asked, results, strict=True):
            rows.append(_judged(brief, one, least, most, searched))
        if on_round is not None:
            on_round(len(rows), len(order), _leader(rows))
    effort = sum((row.found.effort for row in rows if row.found is not None), Effort())
    worst = (float("inf"), 0, 0)
    rows.sort(key=lambda row: (row.key or worst, row.at_least))
    return Ranking(tuple(rows), effort)


def _least_key(brief: Brief, one: Prospect, place: int) -> Key:
    fewest = replicas_for(brief.rates.design, one.bound) + brief.plan.spare_replicas
    return one.terms.at_least(brief.plan.minimize, fewest), one.configuration.narrowed, place


def _to_beat(rows: Sequence[Ranked], one: Prospect, finalists: int) -> Key | None:
    """What a fleet must be better than to be among the finalists or the best of its hardware: the greater of the last
    finalist's key and its hardware's best; None while there is no such fleet."""
    keys = sorted(row.key for row in rows if row.key is not None)
    own = [row.key for row in rows if row.key is not None and row.prospect.device == one.device]
    return max(keys[finalists - 1], min(own)) if len(keys) >= finalists and own else None


def _most(brief: Brief, one: Prospect, least: Key, to_beat: Key) -> int:
    """Active replicas with which a configuration would still be better; 0 for none."""
    spare, minimize = brief.plan.spare_replicas, brief.plan.minimize
    each = one.terms.at_least(minimize, 1)
    if each <= 0:
        return replicas_for(brief.rates.design, one.bound)
    count = int(to_beat[0] / each) + 1
    while count > 0 and (one.terms.at_least(minimize, count), *least[1:]) >= to_beat:
        count -= 1
    return max(0, count - spare)


def _judged(brief: Brief, one: Prospect, least: Key, most: int | None, searched: Searched) -> Ranked:
    found, plan = searched.found, brief.plan
    if found.replicas is None:
        reached = [tried for tried in found.tried if tried.capacity is not None]
        never = bool(reached) and all(tried.capacity is not None for tried in found.tried)
        return Ranked(one, "unreachable" if never else "beaten", least[0], most, found)
    value = one.terms.at_least(plan.minimize, found.replicas + plan.spare_replicas, searched.watts)
    return Ranked(one, "ranked", value, most, found, (value, *least[1:]))


def _leader(rows: Sequence[Ranked]) -> str:
    known = [row for row in rows if row.key is not None]
    if not known:
        return ""
    best = min(known, key=lambda row: row.key or ())
    return f"{best.replicas} x {best.prospect.configuration.tensor_parallel_size} {best.prospect.device}"
