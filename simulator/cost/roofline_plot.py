"""The roofline picture of an estimate: operators as points under the device's roofs (chart 4 of the conventions)."""

from __future__ import annotations

from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from simulator.atomic import atomic_binary
from simulator.cost.estimate import EstimateResult, PhaseEstimate
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
    points = [point for phase in (result.prefill, result.decode) for point in _points(phase)]
    _draw_roofs(axes, result, points)
    _draw_points(axes, points)
    deployment = result.deployment
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="arithmetic intensity (FLOP per byte of device memory)",
        ylabel="FLOP/s of one GPU",
        title=f"{deployment.model.name} on {deployment.tensor_parallel_size} x {deployment.hardware.name}, batch "
        f"{result.batch}, {result.isl} in, {result.osl} out",
    )
    if points:
        axes.set_ylim(bottom=min(point.flops_per_s for point in points) / 4)
    axes.grid(which="major", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="lower right", frameon=False)
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


def _draw_roofs(axes: Axes, result: EstimateResult, points: list[_Point]) -> None:
    """One roof per number format used: nominal bandwidth up to the dense peak."""
    deployment = result.deployment
    bandwidth = deployment.hardware.memory_bytes_per_s
    used = list(dict.fromkeys([deployment.dtypes.activations, deployment.dtypes.other]))
    ridge = max(deployment.hardware.peak(dtype) for dtype in used) / bandwidth
    low = min([point.intensity for point in points] + [0.5]) / 2
    high = max([point.intensity for point in points] + [ridge]) * 4
    for dtype, style in zip(used, _ROOF_STYLES, strict=False):
        peak = deployment.hardware.peak(dtype)
        label = f"{dtype} peak {peak / 1e12:,.0f} TFLOP/s, {bandwidth / 1e12:.2f} TB/s"
        axes.plot([low, peak / bandwidth, high], [low * bandwidth, peak, peak], style, color="#444444", label=label)


def _draw_points(axes: Axes, points: list[_Point]) -> None:
    for phase, (colour, marker) in _PHASES.items():
        own = [point for point in points if point.phase == phase]
        axes.scatter(
            [point.intensity for point in own],
            [point.flops_per_s for point in own],
            s=[30 + 500 * point.share for point in own],
            color=colour,
            marker=marker,
            alpha=0.7,
            linewidths=0,
            label=f"{phase} operators (area: share of time)",
        )
    clusters = _clusters(points)
    for cluster, (offset, sides) in zip(clusters, _label_places(clusters), strict=True):
        axes.annotate(
            "\n".join(point.label for point in cluster),
            (cluster[0].intensity, cluster[0].flops_per_s),
            xytext=offset,
            textcoords="offset points",
            fontsize=8,
            color=_PHASES[cluster[0].phase][0],
            horizontalalignment=sides[0],
            verticalalignment=sides[1],
        )


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


_Place = tuple[tuple[float, float], tuple[Literal["left", "right"], Literal["top", "bottom"]]]
_PLACES: tuple[_Place, ...] = (
    ((11, -6), ("left", "top")),
    ((-11, -6), ("right", "top")),
    ((11, 6), ("left", "bottom")),
    ((-11, 6), ("right", "bottom")),
    ((11, -22), ("left", "top")),
)
"""Where a label may stand around its point, best first: below the roof rather than across it."""


def _label_places(clusters: list[list[_Point]]) -> list[_Place]:
    """For each label the first place that overlaps no marker and no label placed before."""
    boxes = [_marker_box(point) for cluster in clusters for point in cluster]
    places = []
    for cluster in clusters:
        candidates = [(place, _label_box(cluster, place)) for place in _PLACES]
        free = [found for found in candidates if not any(_overlap(found[1], box) for box in boxes)]
        place, box = (free or candidates)[0]
        boxes.append(box)
        places.append(place)
    return places


def _marker_box(point: _Point) -> tuple[float, float, float, float]:
    x, y = 100 * log10(point.intensity), 85 * log10(point.flops_per_s)
    return x - 4, y - 4, x + 4, y + 4


def _label_box(cluster: list[_Point], place: _Place) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a label in points, for axes of about 100 by 85 points a decade."""
    (dx, dy), (side, edge) = place
    width = 5.2 * max(len(point.label) for point in cluster)
    height = 11.0 * len(cluster)
    x = 100 * log10(cluster[0].intensity) + dx - (width if side == "right" else 0)
    y = 85 * log10(cluster[0].flops_per_s) + dy - (height if edge == "top" else 0)
    return x, y, x + width, y + height


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
