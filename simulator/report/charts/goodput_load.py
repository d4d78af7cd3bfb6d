"""Chart 3: goodput against offered load, and the share of requests that meet their objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.charts.marks import Capacity, mark_load
from simulator.report.style import COLOURS, FAINT, headline, new_figure, note

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class GoodputPoint:
    """One run: offered load, good and all finished requests per second, share of good ones (0..1)."""

    load: float
    goodput_per_s: float
    throughput_per_s: float
    share: float


def goodput_load_chart(
    points: Sequence[GoodputPoint],
    *,
    share_goal: float | None,
    subtitle: str,
    load_label: str = "offered load (requests/s)",
    knee: float | None = None,
    capacity: Capacity | None = None,
) -> Figure:
    """Left: good and all requests per second over the load. Right: the share of good ones, ``share_goal`` as a line."""
    figure, (left, right) = new_figure(1, 2, height=3.5)
    ordered = sorted(points, key=lambda point: point.load)
    for axes in (left, right):
        axes.set(xlabel=load_label)
        if not ordered:
            note(axes, "no run with objectives")
    if ordered:
        loads = [point.load for point in ordered]
        rates = [point.throughput_per_s for point in ordered]
        good = [point.goodput_per_s for point in ordered]
        left.plot(loads, rates, color=COLOURS[1], marker="s", markersize=4, label="all finished")
        left.plot(loads, good, color=COLOURS[0], marker="o", markersize=4, label="goodput")
        right.plot(loads, [100 * point.share for point in ordered], color=COLOURS[0], marker="o", markersize=4)
        if share_goal is not None:
            right.axhline(100 * share_goal, color=FAINT, linestyle="--", linewidth=1.2)
            text = f"{100 * share_goal:g} %"
            right.annotate(text, (0.01, 100 * share_goal), xycoords=("axes fraction", "data"), va="top", fontsize=8,
                           color="#555555")  # fmt: skip
        left.set(ylim=(0, None))
        right.set(ylim=(0, 104))
    for axes in (left, right):
        mark_load(axes, knee, capacity)
    left.set(title="Requests per second", ylabel="requests/s")
    right.set(title="Requests that meet every objective", ylabel="share of requests (%)")
    handles, labels = left.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    headline(figure, "Goodput against offered load", subtitle)
    return figure
