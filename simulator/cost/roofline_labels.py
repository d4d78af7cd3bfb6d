"""Places for the labels of a crowded chart: beside their points, off markers, lines, other labels and the frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

_DISTANCES = (7.0, 16.0, 30.0, 48.0, 70.0, 100.0)
"""Points between the edge of a marker and its label, best first."""
_DIRECTIONS = 16
_LEADER_FROM = 16.0
"""Distance from which a thin line joins label and point."""
_GAP = 2.0
"""Pixels kept free around a label."""


@dataclass(frozen=True)
class Label:
    """``text`` for the point at ``x``, ``y`` (data coordinates), whose marker reaches ``radius`` points around it."""

    text: str
    x: float
    y: float
    radius: float
    colour: str


@dataclass(frozen=True)
class _Box:
    """Left, bottom, right, top in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of(cls, box: Bbox) -> _Box:
        return cls(box.x0, box.y0, box.x1, box.y1)

    def meets(self, other: _Box) -> bool:
        return (self.left < other.right + _GAP and other.left < self.right + _GAP
                and self.bottom < other.top + _GAP and other.bottom < self.top + _GAP)  # fmt: skip

    def inside(self, frame: _Box) -> bool:
        return (self.left > frame.left + _GAP and self.right < frame.right - _GAP
                and self.bottom > frame.bottom + _GAP and self.top < frame.top - _GAP)  # fmt: skip

    def holds(self, xy: npt.NDArray[np.float64]) -> bool:
        """Whether one of the (n, 2) points lies inside."""
        x, y = xy[:, 0], xy[:, 1]
        return bool(((x > self.left) & (x < self.right) & (y > self.bottom) & (y < self.top)).any())


def draw_labels(
    axes: Axes, labels: Sequence[Label], *, markers: Iterable[Label], lines: Iterable[npt.NDArray[np.float64]]
) -> None:
    """Write the labels, the most important first; ``lines`` are (n, 2) polylines in data coordinates.

    The chart's limits and legend must stand already. Where every place is taken the nearest one is used.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    pixels = figure.dpi / 72
    frame, legend = _Box.of(axes.get_window_extent()), axes.get_legend()
    taken = [_marker_box(axes, marker, pixels) for marker in markers]
    if legend is not None:
        taken.append(_Box.of(legend.get_window_extent()))
    roads = [_dense(axes.transData.transform(line)) for line in lines]
    for label in labels:
        width, height = _size(axes, label.text)
        x, y = axes.transData.transform((label.x, label.y))
        places = list(_places(x, y, label.radius, width, height, pixels))
        free = (
            place
            for place in places
            if place[0].inside(frame)
            and not any(place[0].meets(other) for other in taken)
            and not any(place[0].holds(road) for road in roads)
        )
        box, distance = next(free, places[0])
        taken.append(box)
        _write(axes, label, (box.left - x) / pixels, (box.bottom - y) / pixels, leader=distance >= _LEADER_FROM)


def _size(axes: Axes, text: str) -> tuple[float, float]:
    """Pixels a label takes."""
    trial = axes.annotate(text, (0.5, 0.5), xycoords="axes fraction", fontsize=8)
    box = trial.get_window_extent()
    trial.remove()
    return box.width, box.height


def _places(x: float, y: float, radius: float, width: float, height: float,
            pixels: float) -> Iterator[tuple[_Box, float]]:  # fmt: skip
    """Boxes around a point, nearest first, each with its distance from the marker in points."""
    for distance in _DISTANCES:
        reach = (radius + distance) * pixels
        for turn in range(_DIRECTIONS):
            # Right and a little below first: below the roof, where there is most room; then alternately to both sides.
            angle = -pi / 8 + (turn + 1) // 2 * (-1) ** turn * 2 * pi / _DIRECTIONS
            across, up = cos(angle), sin(angle)
            left = x + reach * across - (width * (1 - across) / 2)
            bottom = y + reach * up - (height * (1 - up) / 2)
            yield _Box(left, bottom, left + width, bottom + height), distance


def _marker_box(axes: Axes, marker: Label, pixels: float) -> _Box:
    x, y = axes.transData.transform((marker.x, marker.y))
    reach = marker.radius * pixels
    return _Box(x - reach, y - reach, x + reach, y + reach)


def _dense(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A polyline as points some three pixels apart."""
    pieces = [np.linspace(start, end, max(2, int(hypot(*(end - start)) / 3))) for start, end in pairwise(corners)]
    return np.concatenate(pieces)


def _write(axes: Axes, label: Label, dx: float, dy: float, *, leader: bool) -> None:
    line = {"arrowstyle": "-", "color": label.colour, "linewidth": 0.5, "alpha": 0.7, "shrinkA": 0, "shrinkB": 0}
    written = axes.annotate(
        label.text,
        (label.x, label.y),
        xytext=(dx, dy),
        textcoords="offset points",
        fontsize=8,
        color=label.colour,
        horizontalalignment="left",
        verticalalignment="bottom",
        arrowprops=line if leader else None,
    )
    written.set_in_layout(False)
