"""Chart 9: where the time of a step goes, operator by operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.style import COLOURS, headline, new_figure, note

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOUND_COLOURS = {
    "compute": COLOURS[1],
    "memory": COLOURS[0],
    "network": COLOURS[3],
    "launch": COLOURS[4],
    "host": COLOURS[6],
}
"""What limits an operator, by colour."""


LEAST_SHARE = 0.002
"""Share of the step below which operators are drawn together."""


@dataclass(frozen=True)
class OperatorTime:
    """Seconds an operator takes in a step (all layers), and what bounds it: a key of ``BOUND_COLOURS``."""

    name: str
    seconds: float
    bound: str


def operator_breakdown_chart(operators: Sequence[OperatorTime], *, subtitle: str) -> Figure:
    """Horizontal bars, longest on top: milliseconds per step and share, coloured by what bounds the operator."""
    from matplotlib.patches import Patch

    total = sum(one.seconds for one in operators)
    shown = worth_showing(operators, total)
    figure, axes = new_figure(height=1.5 + 0.25 * max(len(shown), 2))
    colours = [BOUND_COLOURS.get(one.bound, COLOURS[5]) for one in shown]
    bars = axes.barh([one.name for one in shown], [1e3 * one.seconds for one in shown], color=colours)
    axes.bar_label(bars, [_label(one.seconds, total) for one in shown], padding=3, fontsize=8)
    axes.set(xlabel="time per engine step (ms)")
    axes.margins(x=0.22, y=0.02)
    axes.grid(axis="y", visible=False)
    if shown:
        bounds = dict.fromkeys(one.bound for one in reversed(shown))
        patches = [Patch(color=BOUND_COLOURS.get(bound, COLOURS[5]), label=f"{bound}-bound") for bound in bounds]
        axes.legend(handles=patches, loc="lower right")
    else:
        note(axes, "no step was run")
    headline(figure, f"Where a step of {1e3 * total:.3g} ms goes", subtitle)
    return figure


def worth_showing(operators: Sequence[OperatorTime], total: float) -> list[OperatorTime]:
    """Longest last; what takes less than ``LEAST_SHARE`` is one bar at the bottom."""
    ordered = sorted((one for one in operators if one.seconds > 0), key=lambda one: one.seconds)
    small = [one for one in ordered if one.seconds < LEAST_SHARE * total]
    if len(small) < 2:
        return ordered
    rest = OperatorTime(f"{len(small)} others", sum(one.seconds for one in small), small[-1].bound)
    return [rest, *ordered[len(small) :]]


def _label(seconds: float, total: float) -> str:
    share = 100 * seconds / total
    shown = "<0.1 %" if share < 0.1 else f"{share:.1f} %"
    return f"{1e3 * seconds:.3g} ms, {shown}"
