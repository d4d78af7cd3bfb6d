"""Charts 2 and 3 of a goal: capacity, knee and objectives are where they should be."""

from __future__ import annotations

import pytest

from simulator.report.charts.goodput_load import GoodputPoint, goodput_load_chart
from simulator.report.charts.latency_load import LoadPoint, latency_load_chart
from simulator.report.charts.marks import Capacity

POINTS = [GoodputPoint(20, 6, 16, 0.4), GoodputPoint(5, 5, 5, 1.0), GoodputPoint(10, 9.5, 10, 0.95)]
CAPACITY = Capacity(9, 8, 11)


def test_goodput_over_load() -> None:
    figure = goodput_load_chart(POINTS, share_goal=0.99, subtitle="", knee=10, capacity=CAPACITY)
    left, right = figure.axes
    assert left.lines[1].get_xdata().tolist() == [5, 10, 20]
    assert left.lines[1].get_ydata().tolist() == [5, 9.5, 6]
    assert right.lines[0].get_ydata().tolist() == pytest.approx([100, 95, 40])
    assert right.texts[0].get_text() == "99 %"
    assert left.get_xlabel() == "offered load (requests/s)"
    assert (left.get_ylabel(), right.get_ylabel()) == ("requests/s", "share of requests (%)")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["all finished", "goodput", "knee", "capacity, 95 % interval"]


def test_no_point_no_curve() -> None:
    left, _ = goodput_load_chart([], share_goal=None, subtitle="").axes
    assert left.texts[0].get_text() == "no run with objectives"


def test_latency_chart_marks_capacity_and_names_both_panels_lines_once() -> None:
    points = [LoadPoint(rate, rate, 2 * rate, 5.0, 9.0) for rate in (5.0, 10.0)]
    label = "offered load (requests in flight)"
    figure = latency_load_chart(points, tpot_slo_ms=8, subtitle="", load_label=label, knee=7, capacity=CAPACITY)
    left, right = figure.axes
    assert left.get_xlabel() == right.get_xlabel() == label
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(names) == sorted({"median", "p99", "objective", "knee", "capacity, 95 % interval"})
    assert 9 in [line.get_xdata()[0] for line in left.lines]
