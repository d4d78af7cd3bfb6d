"""What a reader of a plan should know besides the answer."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.planning.branch_and_bound import Ranked, Ranking
from simulator.planning.brief import Brief
from simulator.planning.fleets import Fleet
from simulator.planning.workbench import Prospect


def notes_of(brief: Brief, fleets: Sequence[Fleet], ranking: Ranking, unpriced: Sequence[Prospect]) -> tuple[str, ...]:
    """In the order of their weight."""
    plan, winner = brief.plan, fleets[0]
    found = [*brief.notes, *_not_excluded(ranking, winner), *_unpriced(brief, unpriced), *_terms(brief, fleets)]
    if not winner.examined.peak.met:
        found.append("in the run shown the fleet misses a goal at its peak: chance, or too few search.requests")
    elif not winner.examined.peak.filled:
        found.append("the fleet is too large to fill within its run: that it keeps up, one replica's search has shown")
    if winner.configuration.narrowed:
        found.append("fp8 weights or KV cache change the answers of a model; that is not simulated, measure it")
    if plan.traffic.headroom == 0 and plan.spare_replicas == 0:
        found.append("no headroom and no spare replica were asked for: traffic.headroom, spare_replicas")
    if plan.traffic.peak_factor is None and brief.rates.peak == brief.rates.mean:
        found.append("the day is taken as flat: traffic.hourly or traffic.peak_to_mean says how busy its peak is")
    return tuple(found)


def floor(row: Ranked, brief: Brief) -> float:
    """The least a configuration's fleet can need per hour, by its bound and by the runs that said no."""
    if row.most is None or row.verdict == "ranked":
        return row.at_least
    spare, minimize = brief.plan.spare_replicas, brief.plan.minimize
    if row.verdict == "beaten":
        return max(row.at_least, row.prospect.terms.at_least(minimize, row.most + 1 + spare))
    return row.at_least


def _not_excluded(ranking: Ranking, winner: Fleet) -> list[str]:
    """Candidates set aside for a rival that turned out worse in the run of its whole fleet."""
    brief = winner.brief
    open_ = [
        row
        for row in ranking.rows
        if row.verdict in ("beaten", "pruned") and floor(row, brief) < winner.objective * (1 - 1e-9)
    ]
    if not open_:
        return []
    count = len(open_)
    return [
        f"{count} candidate{'s were' if count > 1 else ' was'} set aside for fleets that needed more replicas when "
        "simulated whole, and might be better: raise search.finalists"
    ]


def _unpriced(brief: Brief, unpriced: Sequence[Prospect]) -> list[str]:
    names = ", ".join(dict.fromkeys(one.device for one in unpriced))
    what = "price" if brief.plan.minimize == "cost" else "power"
    remedy = "prices" if brief.plan.minimize == "cost" else "economics.power.max_w"
    return [f"{names}: left out, no {what} is known; give {remedy}"] if names else []


def _terms(brief: Brief, fleets: Sequence[Fleet]) -> list[str]:
    """Prices that are not bought alike."""
    if brief.plan.minimize != "cost":
        return []
    terms: dict[str, list[str]] = {}
    for fleet in fleets:
        price = fleet.row.prospect.terms.price
        assert price is not None
        names = terms.setdefault(f"{price.terms.replace('_', ' ')}", [])
        if fleet.row.prospect.device not in names:
            names.append(fleet.row.prospect.device)
    if len(terms) < 2:
        return []
    kinds = "; ".join(f"{', '.join(names)}: {term}" for term, names in terms.items())
    return [f"prices of different terms are compared ({kinds}): give your own under prices"]
