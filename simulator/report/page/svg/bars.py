"""Horizontal bars, for shares of a whole and rankings."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.report.page.drawing import Axis, Bar, Bars
from simulator.report.page.markup import Markup, element
from simulator.report.page.svg.frame import LETTER, Frame, svg, text, x_axis
from simulator.report.page.svg.scale import Scale, scale_for

_ROW = 26.0
_NAMES = 0.4
"""Most of the width that names may take, and the texts behind the bars; the table has what is cut."""


def draw_bars(bars: Bars, name: str, description: str, width: float, class_: str = "") -> Markup:
    """The panel ``width`` user units wide, as high as its bars need."""
    longest = int(_NAMES * width / LETTER)
    names = LETTER * max((min(len(bar.name), longest) for bar in bars.bars), default=1) + 16
    texts = LETTER * max((min(len(bar.text), longest) for bar in bars.bars), default=1) + 12
    frame = Frame.around(width, _ROW * len(bars.bars) + 64, names, right=texts)
    axis = Axis(bars.label, low=0.0)
    across = scale_for(axis, [bar.value for bar in bars.bars], frame.left, frame.right)
    rows = [drawn for index, bar in enumerate(bars.bars) for drawn in _row(frame, across, bar, index, longest)]
    stops = element("g", *(_stop(frame, across, bar, index) for index, bar in enumerate(bars.bars)), class_="stops",
                    data_by="y")  # fmt: skip
    base = element("line", x1=frame.left, x2=frame.left, y1=frame.top, y2=frame.bottom, class_="axis")
    return svg(frame, name, bars.title, description, *x_axis(frame, across, axis), *rows, base, stops, class_=class_)


def _row(frame: Frame, across: Scale, bar: Bar, index: int, longest: int) -> Iterator[Markup]:
    top, end = frame.top + 4 + _ROW * index, across.place(bar.value)
    yield text(_short(bar.name, longest), frame.left - 7, top + 14, "end", "tick")
    yield element(
        "rect", x=frame.left, y=top, width=max(end - frame.left, 0.5), height=_ROW - 8, class_=f"bar f{bar.colour}"
    )
    yield text(_short(bar.text, longest), end + 6, top + 14, "start", "name")


def _short(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _stop(frame: Frame, across: Scale, bar: Bar, index: int) -> Markup:
    y = frame.top + 4 + _ROW * index + (_ROW - 8) / 2
    tip = f"{bar.name}\n{bar.text}\n{bar.group}".rstrip()
    return element("g", element("title", tip), data_x=across.place(bar.value), data_y=y)
