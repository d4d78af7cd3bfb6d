"""Chart 8: cost per million tokens against the latency goals, one line per kind of replica."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.style import COLOURS, FAINT, headline, new_figure, note, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CostLine:
    """``points``: ``(factor on the latency goals, dollars per million tokens)`` of a replica used to its capacity."""

    name: str
    points: tuple[tuple[float, float], ...]


def cost_slo_chart(lines: Sequence[CostLine], *, subtitle: str) -> Figure:
    """What tighter and looser latency goals cost; the plan's own goals are at 1."""
    figure, axes = new_figure(height=3.8)
    drawn = [line for line in lines if line.points]
    for place, line in enumerate(drawn):
        axes.plot(
            *zip(*line.points, strict=True),
            color=COLOURS[place % len(COLOURS)],
            marker="o",
            markersize=4,
            label=line.name,
        )
    axes.set(xlabel="latency goals, relative to the plan's", ylabel="cost ($ per million tokens)")
    if drawn:
        axes.set(xscale="log", yscale="log")
        factors = [factor for line in drawn for factor, _ in line.points]
        dollars = [cost for line in drawn for _, cost in line.points]
        plain_log_ticks(axes.xaxis, min(factors), max(factors))
        plain_log_ticks(axes.yaxis, min(dollars), max(dollars))
        axes.axvline(1.0, color=FAINT, linestyle="--", linewidth=1.2)
        axes.annotate("the plan's goals", (1.0, 0.98), xycoords=("data", "axes fraction"), rotation=90, va="top",
                      ha="right", fontsize=8, color="#555555")  # fmt: skip
        figure.legend(loc="outside lower center", ncols=2)
    else:
        note(axes, "no latency goal with a price")
    headline(figure, "Cost of tokens against latency goals", subtitle)
    return figure
