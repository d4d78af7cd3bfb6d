"""What a chart's panels show, as plain data. How it is drawn: ``simulator.report.page.svg``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Axis:
    """A quantity along an axis, its unit in the label. Limits are those of the data unless given."""

    label: str
    log: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """One curve or cloud: ``ys`` may hold None (no sample).

    ``colour``: place in the palette, which also fixes dash and marker. ``tips``: what the pointer reads at each point;
    without them, x and y.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    colour: int = 0
    line: bool = True
    marks: bool = True
    faint: bool = False
    tips: Sequence[str] = ()


@dataclass(frozen=True)
class Reference:
    """A line across the panel at ``value``, and a band up to ``low``..``high`` when given: objectives, capacity."""

    name: str
    value: float
    axis: Literal["x", "y"]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Label:
    """A word beside a point: the knee, a percentile."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Plot:
    """Curves and points over two axes. ``wide``: takes the page's width; otherwise two stand side by side.

    ``hover``: the pointer reads all series at the nearest ``x``, or the nearest ``point``.
    """

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    references: Sequence[Reference] = ()
    labels: Sequence[Label] = ()
    wide: bool = False
    height: float = 250.0
    hover: Literal["x", "point"] = "x"


@dataclass(frozen=True)
class Bar:
    """``text`` stands behind the bar; ``group`` names what its colour means."""

    name: str
    value: float
    text: str
    group: str
    colour: int


@dataclass(frozen=True)
class Bars:
    """Horizontal bars from zero, in the given order from the top."""

    title: str
    label: str
    bars: Sequence[Bar]
