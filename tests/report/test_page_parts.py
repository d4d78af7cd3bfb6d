"""Numbers, scales, elements: the small parts of a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.pages.thinning import cell_means, evenly
from simulator.report.page.document import Column, Shown
from simulator.report.page.drawing import Axis
from simulator.report.page.markup import Markup, element, joined
from simulator.report.page.numbers import cell_text, number, sort_value, split_decimals
from simulator.report.page.svg.scale import scale_for, tick_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (7, "7"), (12345, "12,345"), (12345.6, "12,346"), (999.6, "1,000"), (42.44, "42.4"), (7.836, "7.84"),
     (0.0267, "0.0267"), (-0.5, "-0.500"), (0.99996, "1.00"), (3e-7, "3.00e-07"), (float("inf"), "inf"),
     (float("nan"), "–")],
)  # fmt: skip
def test_numbers_read_well(value: float, text: str) -> None:
    assert number(value) == text


def test_cells() -> None:
    column = Column("TTFT", "ms", digits=4)
    assert column.heading == "TTFT (ms)"
    assert [cell_text(cell, column) for cell in (None, "a", 1.5, 3, Shown("1-2", 1.0))] == [
        "–",
        "a",
        "1.500",
        "3",
        "1-2",
    ]
    assert [sort_value(cell) for cell in (None, "a", 1.5, Shown("1-2", 1.0), float("nan"))] == [
        None,
        None,
        1.5,
        1.0,
        None,
    ]
    assert [split_decimals(text) for text in ("1,786", "7.84", "1.2.3", "a.b")] == [
        ("1,786", ""), ("7", ".84"), ("1.2.3", ""), ("a.b", "")]  # fmt: skip


def test_elements_escape_what_is_not_markup() -> None:
    made = element("p", "<b>", element("b", "x & y"), class_='a"b', hidden=True, title=None, data_x=1.5)
    assert made == '<p class="a&quot;b" hidden data-x="1.5">&lt;b&gt;<b>x &amp; y</b></p>'
    assert isinstance(joined(["<", Markup("<i>")]), Markup)


@given(st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=20), st.booleans())
def test_scales_hold_their_values_and_ticks(values: list[float], log: bool) -> None:
    scale = scale_for(Axis("x", log=log), values, 100.0, 500.0)
    places = [scale.place(value) for value in sorted(values)]
    assert places == sorted(places)
    assert 100.0 <= places[0] <= places[-1] <= 500.0
    ticks = scale.ticks(6)
    assert len(ticks) <= 6
    assert ticks == sorted(set(ticks))
    assert all(99.0 <= scale.place(tick) <= 501.0 for tick in ticks)


def test_ticks_are_round() -> None:
    assert scale_for(Axis("x", low=0.0), [97.0], 0, 1).ticks(6) == [0, 20, 40, 60, 80, 100]
    assert scale_for(Axis("x", log=True), [2.0, 3000.0], 0, 1).ticks(4) == [10, 100, 1000]
    assert [tick_text(value) for value in (0.05, 20.0, 12000.0, 2.5e6)] == ["0.05", "20", "12,000", "2.5M"]


def test_thinning_keeps_means_and_ends() -> None:
    import numpy as np

    column = np.arange(1000.0)
    assert cell_means(column, 10) == pytest.approx([49.5 + 100 * place for place in range(10)])
    assert cell_means(column[:5], 10) == [0, 1, 2, 3, 4]
    assert cell_means(np.array([1.0, 3, 5, 7]), 2, np.array([1.0, 3, 0, 0])) == [2.5, 0.0]
    assert evenly(100, 5) == [0, 25, 50, 74, 99]
    assert evenly(3, 5) == [0, 1, 2]
