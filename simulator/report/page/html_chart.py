"""A chart as HTML: caption, legend, panels, and its figures as a table to unfold."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.report.page.document import Chart
from simulator.report.page.drawing import Bars, Plot
from simulator.report.page.html_table import table_html
from simulator.report.page.markup import Markup, element
from simulator.report.page.svg.bars import draw_bars
from simulator.report.page.svg.dashes import dash_of
from simulator.report.page.svg.marks import marker
from simulator.report.page.svg.plot import draw_plot, room_for_ticks

WIDE, HALF, PHONE = 960.0, 410.0, 340.0
"""Widths of a panel across the page, of one of two side by side, and of a wide one on a phone, in user units."""


def chart_html(chart: Chart, name: str) -> Markup:
    """The ``<figure>``; ``name`` makes its ids unique."""
    left = max((room_for_ticks(panel) for panel in chart.panels if isinstance(panel, Plot)), default=0.0)
    panels = [
        _panel(panel, f"{name}-{index}", chart.description, left) for index, panel in enumerate(chart.panels, start=1)
    ]
    wide = all(isinstance(panel, Bars) or panel.wide for panel in chart.panels)
    data = element(
        "details",
        element("summary", "The figures as a table"),
        table_html(chart.data, f"{name}-data"),
    )
    return element(
        "figure",
        element("figcaption", element("strong", chart.caption), " ", element("span", chart.description)),
        _legend(chart),
        element("div", *panels, class_="panels wide" if wide else "panels"),
        data,
        class_="chart",
    )


def _panel(panel: Plot | Bars, name: str, description: str, left: float) -> Markup:
    heading = element("p", element("strong", panel.title), _y_label(panel), class_="panel-title")
    if isinstance(panel, Bars):
        drawn = [
            draw_bars(panel, name, description, WIDE, "on-wide"),
            draw_bars(panel, f"{name}-narrow", description, PHONE, "on-narrow"),
        ]
    elif panel.wide:
        drawn = [
            draw_plot(panel, name, description, WIDE, left, "on-wide"),
            draw_plot(panel, f"{name}-narrow", description, PHONE, left, "on-narrow"),
        ]
    else:
        drawn = [draw_plot(panel, name, description, HALF, left)]
    return element("div", heading, *drawn, class_="plot")


def _y_label(panel: Plot | Bars) -> Markup | None:
    return element("span", f" {panel.y.label}", class_="unit") if isinstance(panel, Plot) else None


def _legend(chart: Chart) -> Markup | None:
    """What colours, dashes and markers mean; nothing for a single series whose panel is titled."""
    entries = list(dict.fromkeys(_entries(chart)))
    if len({name for name, *_ in entries}) < 2:
        return None
    items = [element("li", _swatch(colour, kind, dash), name) for name, colour, kind, dash in entries]
    return element("ul", *items, class_="legend")


def _entries(chart: Chart) -> Iterator[tuple[str, int, str, str]]:
    for panel in chart.panels:
        if isinstance(panel, Bars):
            yield from ((bar.group, bar.colour, "bar", "") for bar in panel.bars if bar.group)
            continue
        for one in panel.series:
            if one.name:
                kind = ("line" if one.line else "") + ("mark" if one.marks else "") + ("faint" if one.faint else "")
                yield one.name, one.colour, kind, dash_of(panel, one)


def _swatch(colour: int, kind: str, dash: str) -> Markup:
    faint = " faint" if kind.endswith("faint") else ""
    parts = []
    if kind == "bar":
        parts.append(element("rect", x=2, y=2, width=22, height=10, class_=f"bar f{colour}"))
    if kind.startswith("line"):
        parts.append(element("path", d="M0 7H26", class_=f"line s{colour}{dash}{faint}"))
    if "mark" in kind:
        parts.append(marker(colour, 13, 7, class_=f"mark{faint}"))
    return element("svg", *parts, viewBox="0 0 26 14", class_="swatch", aria_hidden="true")
