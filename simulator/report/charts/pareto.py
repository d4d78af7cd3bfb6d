"""Chart 1: two metrics of many configurations against each other, and the frontier none of them beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.report.style import COLOURS, FAINT, headline, new_figure, note, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
MOST_FAMILIES = len(COLOURS) * 2
"""Families drawn in colours and markers of their own; the rest is grey."""

_MOST_COLUMNS, _LETTERS = 5, 110
"""Columns of the legend, and letters that fit beside each other."""

LOG_FROM = 8.0
"""Ratio of largest to smallest value from which an axis is logarithmic."""


@dataclass(frozen=True)
class ParetoPoint:
    """One configuration. ``family``: points joined by a line; ``text``: names it whole."""

    x: float
    y: float
    family: str
    on_frontier: bool
    is_knee: bool = False
    text: str = ""


def pareto_chart(
    points: Sequence[ParetoPoint],
    *,
    x_label: str,
    y_label: str,
    x_better: str = "high",
    y_better: str = "high",
    family_label: str = "",
    subtitle: str,
) -> Figure:
    """Points of each family, its own frontier as a line; dominated points faint, the common frontier ringed, the knee
    named. ``x_better``, ``y_better``: ``low`` or ``high``, said in the subtitle."""
    families: dict[str, list[ParetoPoint]] = {}
    for point in points:
        families.setdefault(point.family, []).append(point)
    names = ["frontier of all", *families]
    columns = max(1, min(_MOST_COLUMNS, _LETTERS // (max(map(len, names)) + 6)))
    figure, axes = new_figure(height=4.2 + 0.19 * -(-len(names) // columns))
    for order, (name, members) in enumerate(families.items()):
        _family(axes, members, name, order, x_better, y_better)
    _frontier(axes, points)
    axes.set(xlabel=x_label, ylabel=y_label)
    if points:
        _scale(axes, "x", [point.x for point in points])
        _scale(axes, "y", [point.y for point in points])
        figure.legend(loc="outside lower center", title=family_label or None, ncols=columns, title_fontsize=8.5)
    else:
        note(axes, "no point has both metrics")
    named = "".join(f"; knee: {point.text}" for point in points if point.is_knee)
    headline(figure, "Pareto frontier", f"{subtitle}; {_directions(x_better, y_better)}{named}")
    return figure


def _family(axes: Any, members: Sequence[ParetoPoint], name: str, order: int, x_better: str, y_better: str) -> None:
    colour = COLOURS[order % len(COLOURS)] if order < MOST_FAMILIES else FAINT
    marker = MARKERS[order // len(COLOURS) % len(MARKERS)]
    best = _undominated(members, x_better, y_better)
    axes.plot([point.x for point in best], [point.y for point in best], color=colour, linewidth=1.2, alpha=0.85)
    beaten = [point for point in members if not point.on_frontier]
    ahead = [point for point in members if point.on_frontier]
    axes.scatter([p.x for p in beaten], [p.y for p in beaten], color=colour, marker=marker, s=16, alpha=0.28,
                 linewidths=0)  # fmt: skip
    axes.scatter([p.x for p in ahead], [p.y for p in ahead], color=colour, marker=marker, s=26, zorder=4)
    axes.plot([], [], color=colour, marker=marker, markersize=5, linewidth=1.2, label=name or "points")


def _frontier(axes: Any, points: Sequence[ParetoPoint]) -> None:
    ahead = sorted((point for point in points if point.on_frontier), key=lambda point: point.x)
    if not ahead:
        return
    axes.plot([p.x for p in ahead], [p.y for p in ahead], color="black", linewidth=0.9, linestyle=":", zorder=3,
              label="frontier of all")  # fmt: skip
    for knee in (point for point in ahead if point.is_knee):
        axes.scatter([knee.x], [knee.y], facecolors="none", edgecolors="black", s=120, linewidths=1.3, zorder=5,
                     label="knee")  # fmt: skip


def _undominated(members: Sequence[ParetoPoint], x_better: str, y_better: str) -> list[ParetoPoint]:
    """The members no other member beats in both metrics, in the order of x."""
    across, along = (1.0 if better == "high" else -1.0 for better in (x_better, y_better))
    kept: list[ParetoPoint] = []
    for point in sorted(members, key=lambda point: (-across * point.x, -along * point.y)):
        if not kept or along * point.y > along * kept[-1].y:
            kept.append(point)
    return kept


def _scale(axes: Any, which: str, values: list[float]) -> None:
    low, high = min(values), max(values)
    if low > 0 and high / low >= LOG_FROM:
        low, high = low / 1.15, high * 1.15
        axes.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
        plain_log_ticks(getattr(axes, f"{which}axis"), low, high)
    elif low >= 0:
        axes.set(**{f"{which}lim": (0, 1.08 * high or 1.0)})


def _directions(x_better: str, y_better: str) -> str:
    across = "left" if x_better == "low" else "right"
    return f"better is {'down' if y_better == 'low' else 'up'} and {across}"
