"""Fleets of a plan: what one replica carries against what the whole fleet costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.style import COLOURS, headline, new_figure, note, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class FleetPoint:
    """``rate``: requests/s of a replica; ``cost``: of the fleet per hour, in ``unit`` of the chart. ``known``: False
    where both are only bounds (at most so fast, at least so dear)."""

    family: str
    rate: float
    cost: float
    known: bool
    winner: bool = False
    label: str = ""


def fleet_cost_chart(points: Sequence[FleetPoint], *, unit: str, subtitle: str) -> Figure:
    """Filled: fleets whose size is known. Hollow and faint: ruled out, drawn at their bounds. The winner is ringed."""
    figure, axes = new_figure(height=4.0)
    families = list(dict.fromkeys(point.family for point in points))
    for place, family in enumerate(families):
        colour = COLOURS[place % len(COLOURS)]
        own = [point for point in points if point.family == family]
        known, ruled_out = ([p for p in own if p.known is wanted] for wanted in (True, False))
        axes.scatter([p.rate for p in ruled_out], [p.cost for p in ruled_out], s=26, facecolors="none",
                     edgecolors=colour, alpha=0.45, linewidths=1.0)  # fmt: skip
        axes.scatter([p.rate for p in known], [p.cost for p in known], s=34, color=colour, label=family)
    axes.set(xlabel="capacity of one replica (requests/s)", ylabel=f"fleet ({unit})")
    if points:
        axes.set(xscale="log", yscale="log")
        plain_log_ticks(axes.xaxis, min(p.rate for p in points), max(p.rate for p in points))
        plain_log_ticks(axes.yaxis, min(p.cost for p in points), max(p.cost for p in points))
        for point in points:
            if point.winner:
                axes.scatter([point.rate], [point.cost], s=150, facecolors="none", edgecolors="#000000", linewidths=1.4)
        figure.legend(loc="outside lower center", ncols=3)
    else:
        note(axes, "no candidate")
    ringed = next((f"; ringed: {point.label}" for point in points if point.winner), "")
    headline(figure, "Fleets that carry the traffic", subtitle + ringed)
    return figure
