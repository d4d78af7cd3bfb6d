"""Chart 6: cumulative distributions of the four latencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulator.report.style import COLOURS, FAINT, headline, new_figure, note, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

POINTS = 1001
"""Points of a drawn curve: one per mille each."""

FIRST_SHOWN = 0.001
"""Probability below which a curve is not drawn: a log axis would be stretched by single values."""


@dataclass(frozen=True)
class Cdf:
    """A distribution: (m,) ``values_ms`` rising with (m,) ``probabilities``, and the objective if there is one."""

    name: str
    formula: str
    values_ms: Floats
    probabilities: Floats
    slo_ms: float | None = None


def cdf_of(values_ms: Floats) -> tuple[Floats, Floats]:
    """Values and probabilities of a sample at ``POINTS`` even probabilities."""
    probabilities = np.linspace(0.0, 1.0, POINTS)
    return (np.quantile(values_ms, probabilities), probabilities) if len(values_ms) else (values_ms, values_ms)


def latency_cdf_chart(curves: Sequence[Cdf], *, subtitle: str) -> Figure:
    """One panel per latency: share of requests (of gaps, for ITL) at or below it; median and p99 are marked."""
    figure, panels = new_figure(2, 2, height=5.0, sharey=True)
    for axes, curve, colour in zip(panels.flat, curves, COLOURS, strict=False):
        _panel(axes, curve, colour)
    for axes in panels[:, 0]:
        axes.set_ylabel("share at or below")
    headline(figure, "How latencies are distributed", subtitle)
    return figure


def _panel(axes: Any, curve: Cdf, colour: str) -> None:
    axes.set(title=f"{curve.name} = {curve.formula}", xlabel=f"{curve.name} (ms)", ylim=(0, 1.02))
    positive = curve.values_ms > 0
    shown = positive & (curve.probabilities >= FIRST_SHOWN)
    if not shown.any():
        note(axes, "no sample")
        return
    axes.set_xscale("log")
    axes.plot(curve.values_ms[shown], curve.probabilities[shown], color=colour)
    if curve.slo_ms is not None:
        axes.axvline(curve.slo_ms, color=FAINT, linestyle="--", linewidth=1.2)
        axes.annotate(f" objective {curve.slo_ms:g} ms", (curve.slo_ms, 0.04), color="#555555", fontsize=8, ha="left")
    for probability, name in ((0.5, "median"), (0.99, "p99")):
        value = float(np.interp(probability, curve.probabilities, curve.values_ms))
        if value > 0:
            axes.plot([value], [probability], "o", color=colour, markersize=4)
            axes.annotate(
                f"{name} {_number(value)} ms",
                (value, probability),
                (7, -11),
                textcoords="offset points",
                fontsize=8,
                bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
            )
    low, high = float(curve.values_ms[shown].min()), float(curve.values_ms[shown].max())
    # Room for the label right of the p99 point, and at least a factor of two so that the ticks have numbers.
    left, right = low / 1.1, max(high * (high / low) ** 0.25, low * 2.5)
    axes.set_xlim(left, right)
    plain_log_ticks(axes.xaxis, left, right)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
