"""Charts of a plan: cost against latency goals (chart 8), and every candidate's capacity against its fleet's cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.planning.fleets import Fleet
from simulator.planning.notes import floor
from simulator.planning.objective import UNITS
from simulator.planning.replica import Replica
from simulator.planning.slo_curve import capacities
from simulator.planning.words import name_of
from simulator.report.charts.cost_slo import CostLine, cost_slo_chart
from simulator.report.charts.fleet_cost import FleetPoint, fleet_cost_chart
from simulator.report.render import render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.planning.result import PlanResult

CHART_NAMES = ("cost_slo", "fleet_cost")
CHART_FILES = frozenset(f"{name}.{kind}" for name in CHART_NAMES for kind in ("png", "svg"))


class PlanPlots:
    """``result.plot``; each method returns a matplotlib figure."""

    def __init__(self, result: PlanResult) -> None:
        self._result = result

    def cost_slo(self) -> Figure:
        """Dollars per million tokens of a fully used replica over the latency goals, the best of each hardware.

        Simulates a dozen loads for each of them.
        """
        lines = [CostLine(name_of(fleet), _line(fleet)) for fleet in _best_of_each_hardware(self._result)]
        goals = ", ".join(goal.text for goal in self._result.brief.goals)
        return cost_slo_chart(lines, subtitle=f"{self._subtitle()}; at 1: {goals}; a replica used to its capacity")

    def fleet_cost(self) -> Figure:
        """What one replica carries against what the fleet costs, all candidates."""
        result, plan = self._result, self._result.brief.plan
        points = [_known(result, fleet) for fleet in result.fleets]
        examined = {fleet.configuration for fleet in result.fleets}
        for row in result.ranking.rows:
            if row.prospect.configuration in examined or row.prospect.known_bound is None:
                continue
            capacity = row.found.best.capacity if row.found is not None and row.found.best is not None else None
            rate = row.prospect.bound if capacity is None else capacity.rate
            points.append(FleetPoint(row.prospect.device, rate, floor(row, result.brief), capacity is not None))
        unit = "$ per hour" if plan.minimize == "cost" else UNITS[plan.minimize]
        return fleet_cost_chart(points, unit=unit, subtitle=f"{self._subtitle()}; hollow: ruled out, at its bounds")

    def _subtitle(self) -> str:
        brief = self._result.brief
        return f"{brief.model_name}, peak {brief.rates.peak:.4g} requests/s"


def chart_files(result: PlanResult) -> dict[str, bytes]:
    """``{"cost_slo.png": ..., ...}``."""
    plots = PlanPlots(result)
    drawn = {name: render(getattr(plots, name)) for name in CHART_NAMES}
    return {f"{name}.{kind}": data for name, kinds in drawn.items() for kind, data in kinds.items()}


def _best_of_each_hardware(result: PlanResult) -> list[Fleet]:
    found: dict[str, Fleet] = {}
    for fleet in result.fleets:
        found.setdefault(fleet.row.prospect.device, fleet)
    return list(found.values())


def _line(fleet: Fleet) -> tuple[tuple[float, float], ...]:
    terms = fleet.row.prospect.terms
    if terms.price is None:
        return ()
    usd_per_hour = terms.devices * terms.price.usd_per_hour
    per_request = 3600.0 * fleet.brief.demand.tokens / 1e6
    replica = Replica(fleet.brief, fleet.configuration)
    return tuple((factor, usd_per_hour / (rate * per_request)) for factor, rate in capacities(replica, fleet))


def _known(result: PlanResult, fleet: Fleet) -> FleetPoint:
    winner = fleet is result.winner
    label = f"{fleet.replicas} x {name_of(fleet)}" if winner else ""
    return FleetPoint(
        fleet.row.prospect.device, fleet.examined.per_replica, fleet.objective, True, winner=winner, label=label
    )
