"""Chart 1: lines per family, faint points, the common frontier and its knee."""

from __future__ import annotations

import pytest

from simulator.report.charts.pareto import ParetoPoint, pareto_chart

POINTS = [
    ParetoPoint(100, 10, "h100", True, text="h100, 1"),
    ParetoPoint(50, 60, "h100", True, True, "h100, 2"),
    ParetoPoint(40, 50, "h100", False),
    ParetoPoint(20, 70, "h200", True),
    ParetoPoint(10, 30, "h200", False),
]


def test_each_family_has_the_line_of_its_best() -> None:
    figure = pareto_chart(POINTS, x_label="speed", y_label="throughput", family_label="hardware", subtitle="a sweep")
    (axes,) = figure.axes
    lines = [list(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in axes.lines]
    assert [(100, 10), (50, 60)] in lines
    assert [(20, 70)] in lines
    assert [(20, 70), (50, 60), (100, 10)] in lines  # of all
    faint = [scatter for scatter in axes.collections if scatter.get_alpha() is not None]
    assert sum(len(scatter.get_offsets()) for scatter in faint) == 2
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["h100", "h200", "frontier of all", "knee"]
    assert figure.legends[0].get_title().get_text() == "hardware"
    said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "better is up and right; knee: h100, 2" in said


def test_less_can_be_better() -> None:
    figure = pareto_chart(POINTS[:3], x_label="cost", y_label="latency", x_better="low", y_better="low", subtitle="")
    lines = [list(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in figure.axes[0].lines]
    assert [(40, 50), (100, 10)] in lines
    assert "better is down and left" in " ".join(text.get_text() for text in figure.texts)


@pytest.mark.parametrize(("most", "scale"), [(7.0, "linear"), (900.0, "log")])
def test_wide_ranges_are_logarithmic(most: float, scale: str) -> None:
    points = [ParetoPoint(1, 2, "", False), ParetoPoint(most, 3, "", True)]
    assert pareto_chart(points, x_label="", y_label="", subtitle="").axes[0].get_xscale() == scale


def test_nothing_to_show_is_said() -> None:
    (axes,) = pareto_chart([], x_label="", y_label="", subtitle="").axes
    assert axes.texts[0].get_text() == "no point has both metrics"
