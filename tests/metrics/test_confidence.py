"""Student-t intervals against textbook numbers and by coverage."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.metrics.confidence import batch_means_interval, over_seeds, t_interval


def test_interval_of_a_textbook_sample() -> None:
    # n = 5, mean 10, s = 1.5811: t(0.975, 4) = 2.7764 -> half width 1.9632
    low, high = t_interval([8.0, 9.0, 10.0, 11.0, 12.0]) or (0.0, 0.0)
    assert (low + high) / 2 == pytest.approx(10)
    assert (high - low) / 2 == pytest.approx(1.9632, abs=1e-4)
    assert t_interval([3.0]) is None


def test_intervals_cover_the_mean_as_often_as_they_claim() -> None:
    rng = np.random.default_rng(0)
    intervals = [t_interval(rng.exponential(1.0, 30)) or (0.0, 0.0) for _ in range(2000)]
    covered = np.mean([low <= 1.0 <= high for low, high in intervals])
    assert 0.90 < covered < 0.97  # skewed samples of 30 cover a little less than 95 %


def test_batch_means_cover_the_mean_of_a_correlated_series() -> None:
    rng = np.random.default_rng(1)
    noise, series = rng.normal(size=(300, 4000)), np.zeros((300, 4000))
    for step in range(1, 4000):
        series[:, step] = 0.9 * series[:, step - 1] + noise[:, step]
    covered = np.mean([low <= 0 <= high for low, high in map(batch_means_interval, series)])  # type: ignore[misc]
    naive = np.mean([low <= 0 <= high for low, high in map(t_interval, series)])  # type: ignore[misc]
    assert covered > 0.85 > 0.5 > naive
    assert batch_means_interval(np.ones(999)) is None


def test_over_seeds_leaves_out_what_is_no_number() -> None:
    intervals = over_seeds(
        [{"a": 1.0, "b": "inf", "c": None, "n": 3, "x": 1.0}, {"a": 3.0, "b": "inf", "c": 2.0, "n": 5, "x": 2.0}],
        without=frozenset({"x"}),
    )
    assert list(intervals) == ["a"]
    assert sum(intervals["a"]) / 2 == pytest.approx(2.0)
