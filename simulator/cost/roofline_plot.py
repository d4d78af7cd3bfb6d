"""The roofline picture of an estimate: operators as points under the device's roofs (chart 4 of the conventions)."""

from __future__ import annotations

from math import log10, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulator.atomic import atomic_binary
from simulator.cost.estimate import EstimateResult, PhaseEstimate
from simulator.cost.roofline_labels import Label, draw_labels
from simulator.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SUFFIXES = (".png", ".svg", ".pdf")
_DATE_KEY = {".svg": "Date", ".pdf": "CreationDate"}
"""Metadata that would make equal pictures differ."""
_PHASES = {"prefill": ("#0072B2", "o"), "decode": ("#D55E00", "s")}
"""Colour (Okabe-Ito, safe for colour-blind readers) and marker of a phase."""
_ROOF_STYLES = ("-", "--", ":", "-.")
_LEAST_SHARE = 0.003
"""Operators below this share of their phase are left out, so that the rest can be read."""


def write_roofline_plot(result: EstimateResult, path: Path) -> None:
    """Draw FLOP/byte against achieved FLOP/s, log-log, and write it as the suffix of ``path`` says.

    Raises ``InputError`` for a suffix that is not .png, .svg or .pdf.
    """
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(f"must end in {', '.join(_SUFFIXES)}", path="--plot", value=str(path))
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    points = [point for phase in result.phases for point in _points(phase)]
    _draw_roofs(axes, result, points)
    _draw_points(axes, points)
    deployment = result.deployment
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="arithmetic intensity (FLOP per byte of device memory)",
        ylabel="FLOP/s of one GPU",
        title=f"{deployment.model.name} on {deployment.tensor_parallel_size} x {deployment.hardware.name}, batch "
        f"{result.batch:,}, {result.isl:,} in, {result.osl:,} out",
    )
    if points:
        axes.set_ylim(bottom=min(point.flops_per_s for point in points) / 4)
    axes.grid(which="major", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="lower right", frameon=False)
    _label_points(axes, result, points)
    with atomic_binary(path) as file:
        figure.savefig(file, format=suffix[1:], dpi=150, metadata={} if suffix == ".png" else {_DATE_KEY[suffix]: None})


class _Point:
    """One operator: FLOP per byte, FLOP/s, share of its phase's time."""

    def __init__(self, label: str, phase: str, intensity: float, flops_per_s: float, share: float) -> None:
        self.label, self.phase, self.share = label, phase, share
        self.intensity, self.flops_per_s = intensity, flops_per_s


def _points(phase: PhaseEstimate) -> list[_Point]:
    return [
        _Point(row.name, phase.name, row.flops / row.bytes, row.flops / row.seconds, row.seconds / phase.seconds)
        for row in phase.operators
        if row.flops and row.bytes and row.seconds >= _LEAST_SHARE * phase.seconds
    ]


def _formats(result: EstimateResult) -> list[str]:
    """Number formats multiplied in, each once."""
    return list(dict.fromkeys([result.deployment.dtypes.activations, result.deployment.dtypes.other]))


def _roof(result: EstimateResult, dtype: str, low: float, high: float) -> list[tuple[float, float]]:
    """Corners of one roof: nominal bandwidth up to the dense peak of the format."""
    hardware = result.deployment.hardware
    peak, bandwidth = hardware.peak(dtype), hardware.memory_bytes_per_s
    return [(low, low * bandwidth), (peak / bandwidth, peak), (high, peak)]


def _draw_roofs(axes: Axes, result: EstimateResult, points: list[_Point]) -> None:
    """One roof per number format used."""
    hardware = result.deployment.hardware
    bandwidth = hardware.memory_bytes_per_s
    ridge = max(hardware.peak(dtype) for dtype in _formats(result)) / bandwidth
    low = min([point.intensity for point in points] + [0.5]) / 2
    high = max([point.intensity for point in points] + [ridge]) * 4
    for dtype, style in zip(_formats(result), _ROOF_STYLES, strict=False):
        label = f"{dtype} peak {hardware.peak(dtype) / 1e12:,.0f} TFLOP/s, {bandwidth / 1e12:.2f} TB/s"
        intensity, flops_per_s = zip(*_roof(result, dtype, low, high), strict=True)
        axes.plot(intensity, flops_per_s, style, color="#444444", label=label)
    axes.set_xlim(low, high)


def _area(point: _Point) -> float:
    """Of the marker, in square points."""
    return 30 + 500 * point.share


def _draw_points(axes: Axes, points: list[_Point]) -> None:
    for phase, (colour, marker) in _PHASES.items():
        own = [point for point in points if point.phase == phase]
        axes.scatter(
            [point.intensity for point in own],
            [point.flops_per_s for point in own],
            s=[_area(point) for point in own],
            color=colour,
            marker=marker,
            alpha=0.7,
            linewidths=0,
            label=f"{phase} operators (area: share of time)",
        )


def _label_points(axes: Axes, result: EstimateResult, points: list[_Point]) -> None:
    """Names beside the points; operators that coincide share one label."""
    labels = [_label(cluster) for cluster in _clusters(points)]
    roofs = [np.array(_roof(result, dtype, *axes.get_xlim())) for dtype in _formats(result)]
    draw_labels(axes, labels, markers=[_label([point]) for point in points], lines=roofs)


def _label(cluster: list[_Point]) -> Label:
    head = cluster[0]
    text = "\n".join(point.label for point in cluster)
    return Label(text, head.intensity, head.flops_per_s, sqrt(_area(head)) / 2, _PHASES[head.phase][0])


def _clusters(points: list[_Point]) -> list[list[_Point]]:
    """Operators of one phase that all but coincide, largest first: they share a label."""
    clusters: list[list[_Point]] = []
    for point in sorted(points, key=lambda point: -point.share):
        for cluster in clusters:
            head = cluster[0]
            near = abs(log10(head.intensity / point.intensity)) < 0.25
            if head.phase == point.phase and near and abs(log10(head.flops_per_s / point.flops_per_s)) < 0.15:
                cluster.append(point)
                break
        else:
            clusters.append([point])
    return clusters
