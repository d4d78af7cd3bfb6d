"""A forest over one feature against many trees that were really drawn."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.vidur.forest import BaggedNearest


def drawn_forest(x: np.ndarray, y: np.ndarray, query: float, trees: int) -> float:
    """Mean over bootstrap samples of the nearest point's value: what a fully grown regression tree answers."""
    random = np.random.default_rng(0)
    answers = []
    for _ in range(trees):
        chosen = np.sort(random.integers(0, len(x), len(x)))  # at a tie a tree goes left
        answers.append(y[chosen[np.abs(x[chosen] - query).argmin()]])
    return float(np.mean(answers))


@pytest.mark.parametrize("query", [40.0, 400.0, 391.0, 800.0])
def test_agrees_with_drawn_trees(query: float) -> None:
    x = np.arange(8.0, 808.0, 8.0)
    y = 50.0 + 10.0 * np.sin(x / 7.0) + x / 10.0
    assert BaggedNearest(x, y)(query) == pytest.approx(drawn_forest(x, y, query, 20_000), rel=0.003)


def test_order_does_not_matter_and_equal_points_are_averaged() -> None:
    forest = BaggedNearest(np.array([2.0, 1.0, 2.0]), np.array([10.0, 0.0, 20.0]))
    other = BaggedNearest(np.array([1.0, 2.0]), np.array([0.0, 15.0]))
    assert forest(2.0) == other(2.0) == pytest.approx(15.0 / (1.0 + np.exp(-1.0)))


def test_no_points_is_an_error() -> None:
    with pytest.raises(ValueError, match="no training points"):
        BaggedNearest(np.array([]), np.array([]))
