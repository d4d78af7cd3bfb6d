"""Why a candidate is where it is, one clause each."""

from __future__ import annotations

from simulator.planning.branch_and_bound import Ranked
from simulator.planning.brief import Brief
from simulator.planning.objective import UNITS
from simulator.planning.search_limits import Tried, replicas_for
from simulator.study.sentences import amount


def reason(row: Ranked, brief: Brief) -> str:
    """Of a candidate that is no finalist."""
    if row.verdict == "pruned":
        return _pruned(row, brief)
    assert row.found is not None
    if row.verdict == "ranked":
        assert row.found.best is not None
        assert row.found.best.capacity is not None
        rate = row.found.best.capacity.rate
        return f"{amount(rate)} requests/s a replica: needs {row.replicas}, {objective_text(row.at_least, brief)}"
    if row.verdict == "unreachable":
        binding = row.found.tried[0].capacity and row.found.tried[0].capacity.binding
        missed = f" ({', '.join(binding.goals)})" if binding else ""
        return f"no rate meets the goals{missed}"
    return _beaten(row)


def objective_text(value: float, brief: Brief) -> str:
    """The objective with its unit."""
    minimize = brief.plan.minimize
    if minimize == "cost":
        return f"${value:,.2f}/h"
    return f"{value:,.0f} devices" if minimize == "devices" else f"{value:,.4g} {UNITS[minimize]}"


def _pruned(row: Ranked, brief: Brief) -> str:
    fewest = replicas_for(brief.rates.design, row.prospect.bound)
    return (
        f"carries at most {amount(row.prospect.bound)} requests/s a replica, so {_count(fewest)} or more, "
        f"{objective_text(row.at_least, brief)} or more"
    )


def _beaten(row: Ranked) -> str:
    """What the runs said of the limits that were run; the closed form ruled out the others."""
    assert row.found is not None
    ran = [one for one in row.found.tried if one.outcome == "run"]
    if not ran:
        return f"carries at most {amount(row.prospect.bound)} requests/s a replica; {_count(row.most or 0)} are too few"
    return (
        f"misses {_missed(ran)} at {amount(ran[0].needed or 0.0)} requests/s a replica, so {_count(row.most or 0)} "
        + ("is too few" if row.most == 1 else "are too few")
    )


def _missed(ran: list[Tried]) -> str:
    return " or ".join(dict.fromkeys(text for one in ran for text in one.missed))


def _count(replicas: int) -> str:
    return f"{replicas} replica{'s' if replicas != 1 else ''}"
