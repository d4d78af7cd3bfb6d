"""The Pareto frontier against a plain comparison of every pair, and the knee of curves whose knee is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.sweeping.frontier import frontier
from simulator.sweeping.metrics import Better

VALUES = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, float("nan")])


def beats(one: tuple[float, float], other: tuple[float, float], signs: tuple[float, float]) -> bool:
    """No worse in both, better in one."""
    gains = [sign * (mine - theirs) for sign, mine, theirs in zip(signs, one, other, strict=True)]
    return min(gains) >= 0 and max(gains) > 0


@given(
    points=st.lists(st.tuples(VALUES, VALUES), max_size=25),
    better_x=st.sampled_from(["low", "high"]),
    better_y=st.sampled_from(["low", "high"]),
)
def test_the_frontier_is_what_no_point_beats(
    points: list[tuple[float, float]], better_x: Better, better_y: Better
) -> None:
    signs = (-1.0 if better_x == "low" else 1.0, -1.0 if better_y == "low" else 1.0)
    usable = [at for at, point in enumerate(points) if not np.isnan(point).any()]
    unbeaten = {points[at] for at in usable if not any(beats(points[other], points[at], signs) for other in usable)}
    found = frontier([x for x, _ in points], [y for _, y in points], better_x, better_y)
    assert {points[at] for at in found.rows} == unbeaten
    assert len(found.rows) == len(unbeaten)  # one of equal points
    assert all(points.index(points[at]) == at for at in found.rows)  # the first
    across = [signs[0] * points[at][0] for at in found.rows]
    assert across == sorted(across, reverse=True)


def test_the_knee_is_where_the_curve_bends() -> None:
    x = [1.0, 10.0, 90.0, 100.0]
    y = [100.0, 95.0, 80.0, 1.0]
    assert frontier(x, y, "high", "high").knee == 2


@pytest.mark.parametrize("factor", [1e-3, 1.0, 7.0])
def test_units_do_not_move_the_knee(factor: float) -> None:
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(1, 100, 30))
    y = 1.0 / x**0.3 * np.exp(-((x / 60) ** 4))
    knees = {frontier(list(factor * x), list(y), "high", "high").knee for factor in (1.0, factor)}
    assert len(knees) == 1
    # Seconds instead of rates: the same bend, told the other way round.
    assert frontier(list(1.0 / x), list(y), "low", "high").knee in knees


def test_no_knee_without_a_bend() -> None:
    assert frontier([1.0, 10.0], [10.0, 1.0], "high", "high").knee is None
    straight = [10.0**power for power in range(5)]
    assert frontier(straight, [1 / x for x in straight], "high", "high").knee is None  # a straight line in logarithms
    assert frontier([1.0, 3.0, 100.0], [100.0, 3.0, 1.0], "high", "high").knee is None  # bends the other way
