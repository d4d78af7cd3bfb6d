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

MARKED = {"median": 0.5, "p99": 0.99}
"""Probabilities that are marked and written out."""

LABEL_SHARE, OBJECTIVE_SHARE = 0.30, 0.36
"""Share of a panel's width that the label of a point, of an objective needs."""

FAR = 5.0
"""An objective beyond the curve by more than this factor is pointed at, not shown: it would squeeze the curve."""

WHITE = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


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
    marked = {name: float(np.interp(share, curve.probabilities, curve.values_ms)) for name, share in MARKED.items()}
    left, right = _limits(curve.values_ms[shown], curve.slo_ms, marked["p99"])
    axes.set_xlim(left, right)
    plain_log_ticks(axes.xaxis, left, right)
    if curve.slo_ms is not None:
        _objective(axes, curve.slo_ms, left, right)
    for name, value in marked.items():
        if value > 0:
            axes.plot([value], [MARKED[name]], "o", color=colour, markersize=4)
            _label(
                axes, f"{name} {_number(value)} ms", value, MARKED[name], _clear_of(value, curve.slo_ms, left, right)
            )


def _limits(values_ms: Floats, slo_ms: float | None, p99_ms: float) -> tuple[float, float]:
    """The curve, the objective when it is not far off, and room for the label right of the p99 point. At least a factor
    of two and a half, so that the ticks have numbers."""
    low, high = float(values_ms.min()), float(values_ms.max())
    near = slo_ms is not None and low / FAR <= slo_ms <= high * FAR
    left = (min(low, slo_ms) if near and slo_ms is not None else low) / 1.1
    right = max(high * (high / low) ** 0.25, low * 2.5)
    if near and slo_ms is not None:
        right = max(right, slo_ms * 1.1)
    anchor = _clear_of(p99_ms, slo_ms, left, right)
    if anchor > left:
        right = max(right, left * (anchor / left) ** (1 / (1 - LABEL_SHARE)))
    return left, right


def _clear_of(value: float, slo_ms: float | None, left: float, right: float) -> float:
    """Where the label of a point begins: at the point, or right of an objective it would be written across."""
    reach = (right / left) ** LABEL_SHARE
    return slo_ms if slo_ms is not None and value <= slo_ms < value * reach else value


def _objective(axes: Any, slo_ms: float, left: float, right: float) -> None:
    """A line at the objective, or an arrow towards it when it lies outside."""
    text = f"objective {slo_ms:,.10g} ms"
    style = {"color": "#555555", "fontsize": 8, "bbox": WHITE}
    if slo_ms > right:
        axes.annotate(f"{text} →", (0.99, 0.04), xycoords="axes fraction", ha="right", **style)
    elif slo_ms < left:
        axes.annotate(f"← {text}", (0.01, 0.92), xycoords="axes fraction", ha="left", **style)
    else:
        axes.axvline(slo_ms, color=FAINT, linestyle="--", linewidth=1.2)
        before = np.log(slo_ms / left) > (1 - OBJECTIVE_SHARE) * np.log(right / left)
        axes.annotate(
            text, (slo_ms, 0.04), (-4 if before else 4, 0), textcoords="offset points",
            ha="right" if before else "left", **style,
        )  # fmt: skip


def _label(axes: Any, text: str, value: float, probability: float, anchor: float) -> None:
    """Right of the point and below the curve; above it on the left where the objective is in the way and there is
    room."""
    left, right = axes.get_xlim()
    style = {"textcoords": "offset points", "fontsize": 8, "bbox": WHITE}
    if anchor > value and probability <= 0.5 and np.log(value / left) > LABEL_SHARE * np.log(right / left):
        axes.annotate(text, (value, probability), (-7, 4), ha="right", **style)
    else:
        axes.annotate(text, (anchor, probability), (7, -11), **style)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
