"""The frame of a panel: size, margins, grid, tick labels, axis labels, accessible name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.report.page.drawing import Axis
from simulator.report.page.markup import Markup, element
from simulator.report.page.svg.scale import Scale, tick_text

LETTER = 6.6
"""Width of a letter of the tick labels, user units."""

X_TICK, Y_TICK = 74.0, 44.0
"""Least distance of two ticks."""


@dataclass(frozen=True)
class Frame:
    """The rectangle the data is drawn in, inside ``width`` x ``height`` user units (about CSS pixels)."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def around(cls, width: float, height: float, left: float, *, right: float = 14.0) -> Frame:
        """Room for labels below and ``left``."""
        return cls(width, height, left, width - right, 12.0, height - 46.0)


def svg(frame: Frame, name: str, title: str, description: str, *children: Markup | None, class_: str = "") -> Markup:
    """The ``<svg>`` with the title and description that screen readers read; ``name`` makes its ids unique."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-desc"),
        *children,
        viewBox=f"0 0 {frame.width:g} {frame.height:g}",
        class_=f"panel {class_}".rstrip(),
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        tabindex=0,
        data_left=frame.left,
        data_right=frame.right,
        data_top=frame.top,
        data_bottom=frame.bottom,
    )


def x_axis(frame: Frame, scale: Scale, axis: Axis) -> list[Markup]:
    """Vertical grid lines, their values, the label below."""
    drawn = []
    for value in scale.ticks(max(2, int((frame.right - frame.left) / X_TICK))):
        x = scale.place(value)
        drawn.append(element("line", x1=x, x2=x, y1=frame.top, y2=frame.bottom, class_="grid"))
        drawn.append(text(tick_text(value), x, frame.bottom + 17, "middle", "tick"))
    middle = (frame.left + frame.right) / 2
    return [*drawn, text(axis.label, middle, frame.height - 8, "middle", "label")]


def y_axis(frame: Frame, scale: Scale) -> list[Markup]:
    """Horizontal grid lines and their values; the label stands above the panel."""
    drawn = []
    for value in y_ticks(frame, scale):
        y = scale.place(value)
        drawn.append(element("line", x1=frame.left, x2=frame.right, y1=y, y2=y, class_="grid"))
        drawn.append(text(tick_text(value), frame.left - 7, y + 4, "end", "tick"))
    return [*drawn, element("line", x1=frame.left, x2=frame.right, y1=frame.bottom, y2=frame.bottom, class_="axis")]


def y_ticks(frame: Frame, scale: Scale) -> list[float]:
    """The values along the vertical axis."""
    return scale.ticks(max(2, int((frame.bottom - frame.top) / Y_TICK) + 1))


def left_margin(values: Sequence[float]) -> float:
    """Room for the longest tick label."""
    return 14.0 + LETTER * max((len(tick_text(value)) for value in values), default=1)


def text(content: str, x: float, y: float, anchor: str, class_: str) -> Markup:
    """One line of text; ``anchor``: start, middle or end."""
    return element("text", content, x=x, y=y, text_anchor=anchor, class_=class_)
