"""Curves and points over two axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.report.page.drawing import Label, Plot, Reference, Series
from simulator.report.page.markup import Markup, element
from simulator.report.page.numbers import number
from simulator.report.page.svg.dashes import dash_of
from simulator.report.page.svg.frame import Frame, left_margin, svg, text, x_axis, y_axis, y_ticks
from simulator.report.page.svg.marks import marker
from simulator.report.page.svg.scale import Scale, scale_for

_LETTER = 6.8
"""Width of a letter of a label, user units."""


def room_for_ticks(plot: Plot) -> float:
    """Width that the values along the vertical axis take; panels one below the other share the largest."""
    frame = Frame.around(0.0, plot.height, 0.0)
    return left_margin(y_ticks(frame, _up(plot, frame)))


def draw_plot(plot: Plot, name: str, description: str, width: float, left: float, class_: str = "") -> Markup:
    """The panel ``width`` user units wide, ``left`` of them for the vertical axis; ``name`` makes its ids unique."""
    xs = [x for one in plot.series for x in one.xs] + _references(plot, "x")
    frame = Frame.around(width, plot.height, left)
    across, up = scale_for(plot.x, xs, frame.left, frame.right), _up(plot, frame)
    return svg(
        frame,
        name,
        plot.title,
        description,
        *x_axis(frame, across, plot.x),
        *y_axis(frame, up),
        *(drawn for one in plot.references for drawn in _reference(frame, across, up, one)),
        *(drawn for one in plot.series for drawn in _series(across, up, one, dash_of(plot, one))),
        *(drawn for one in plot.labels for drawn in _label(frame, across, up, one)),
        _stops(plot, across, up),
        class_=class_,
    )


def _up(plot: Plot, frame: Frame) -> Scale:
    ys = [y for one in plot.series for y in one.ys if y is not None] + _references(plot, "y")
    return scale_for(plot.y, ys, frame.bottom, frame.top)


def _references(plot: Plot, axis: str) -> list[float]:
    found = [one for one in plot.references if one.axis == axis]
    return [value for one in found for value in (one.low, one.value, one.high) if value is not None]


def _series(across: Scale, up: Scale, one: Series, dash: str) -> Iterator[Markup]:
    faint = " faint" if one.faint else ""
    if one.line:
        for part in _stretches(across, up, one):
            path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in part)
            yield element("path", d=path, class_=f"line s{one.colour}{dash}{faint}")
    if one.marks:
        for x, y in zip(one.xs, one.ys, strict=True):
            if y is not None and _drawable(across, x) and _drawable(up, y):
                yield marker(one.colour, across.place(x), up.place(y), class_=f"mark{faint}")


def _stretches(across: Scale, up: Scale, one: Series) -> Iterator[list[tuple[float, float]]]:
    """The curve cut where there is no sample."""
    part: list[tuple[float, float]] = []
    for x, y in zip(one.xs, one.ys, strict=True):
        if y is None or not _drawable(across, x) or not _drawable(up, y):
            if len(part) > 1:
                yield part
            part = []
        else:
            part.append((across.place(x), up.place(y)))
    if len(part) > 1:
        yield part


def _drawable(scale: Scale, value: float) -> bool:
    return value > 0 or not scale.log


def _reference(frame: Frame, across: Scale, up: Scale, one: Reference) -> Iterator[Markup]:
    scale = across if one.axis == "x" else up
    if one.low is not None and one.high is not None:
        first, last = sorted((scale.place(one.low), scale.place(one.high)))
        sides = {"x": first, "width": last - first, "y": frame.top, "height": frame.bottom - frame.top}
        if one.axis == "y":
            sides = {"x": frame.left, "width": frame.right - frame.left, "y": first, "height": last - first}
        yield element("rect", class_="band", **sides)
    if not scale.holds(one.value):
        return
    at = scale.place(one.value)
    if one.axis == "x":
        yield element("line", x1=at, x2=at, y1=frame.top, y2=frame.bottom, class_="reference")
        before = _close(frame, at, one.name)
        yield text(one.name, at + (-5 if before else 5), frame.bottom - 7, "end" if before else "start", "note")
    else:
        yield element("line", x1=frame.left, x2=frame.right, y1=at, y2=at, class_="reference")
        below = at < frame.top + 16
        yield text(one.name, frame.right - 2, at + (14 if below else -5), "end", "note")


def _label(frame: Frame, across: Scale, up: Scale, one: Label) -> Iterator[Markup]:
    x, y = across.place(one.x), up.place(one.y)
    yield element("circle", cx=x, cy=y, r=3.5, class_="dot")
    before = _close(frame, x, one.text)
    low = min(max(y + 15, frame.top + 15), frame.bottom - 4)
    yield text(one.text, x + (-9 if before else 9), low, "end" if before else "start", "name")


def _close(frame: Frame, x: float, words: str) -> bool:
    """Whether words would not fit between ``x`` and the right end: they stand left of it then."""
    return x + 9 + _LETTER * len(words) > frame.width


def _stops(plot: Plot, across: Scale, up: Scale) -> Markup:
    """What the pointer and the arrow keys stop at; without the script the browser shows the titles."""
    stops = _by_x(plot, across, up) if plot.hover == "x" else _by_point(plot, across, up)
    return element("g", *stops, class_="stops", data_by=plot.hover)


def _by_point(plot: Plot, across: Scale, up: Scale) -> Iterator[Markup]:
    for one in plot.series:
        for index, (x, y) in enumerate(zip(one.xs, one.ys, strict=True)):
            if y is None or not _drawable(across, x) or not _drawable(up, y):
                continue
            tip = one.tips[index] if one.tips else _tip(plot, x, [(one, y)])
            yield _stop(across.place(x), [up.place(y)], tip)


def _by_x(plot: Plot, across: Scale, up: Scale) -> Iterator[Markup]:
    found: dict[float, list[tuple[Series, float]]] = {}
    for one in plot.series:
        for x, y in zip(one.xs, one.ys, strict=True):
            if y is not None and _drawable(across, x):
                found.setdefault(x, []).append((one, y))
    for x, values in sorted(found.items()):
        places = [up.place(y) for _, y in values if _drawable(up, y)]
        yield _stop(across.place(x), places, _tip(plot, x, values))


def _tip(plot: Plot, x: float, values: Sequence[tuple[Series, float]]) -> str:
    lines = [f"{plot.x.label}: {number(x, 4)}"]
    lines += [f"{one.name or plot.y.label}: {number(y, 4)}" for one, y in values]
    return "\n".join(lines)


def _stop(x: float, ys: Sequence[float], tip: str) -> Markup:
    dots = [element("circle", cx=x, cy=y, r=5) for y in ys]
    return element("g", element("title", tip), *dots, data_x=x, data_y=ys[0] if ys else None)
