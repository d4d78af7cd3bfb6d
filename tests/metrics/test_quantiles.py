"""Weighted quantiles against the expanded sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.metrics.quantiles import WeightedSamples

chunk = st.lists(st.tuples(st.floats(0, 1e3), st.integers(0, 50)), max_size=30)


def _arrays(pairs: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([value for value, _ in pairs]), np.array([count for _, count in pairs], dtype=np.int64)


@given(st.lists(chunk, min_size=1, max_size=4), st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_equal_numpy_on_the_expanded_sample(chunks: list, probabilities: list[float]) -> None:
    arrays = [_arrays(pairs) for pairs in chunks]
    expanded = np.concatenate([np.repeat(values, counts) for values, counts in arrays])
    samples = WeightedSamples(arrays)
    assert samples.count == len(expanded)
    if not len(expanded):
        assert samples.mean() is samples.std() is samples.quantiles(probabilities) is None
        return
    assert samples.quantiles(probabilities) == np.quantile(expanded, probabilities).tolist()
    assert samples.mean() == pytest.approx(expanded.mean(), rel=1e-12, abs=1e-300)
    assert samples.std() == pytest.approx(expanded.std(), rel=1e-6, abs=1e-9)


def test_values_within_one_bucket_are_told_apart() -> None:
    values = 0.01 * (1 + 1e-7 * np.arange(1000))
    samples = WeightedSamples([(values, np.ones(1000, dtype=np.int64))])
    assert samples.quantiles([0.25, 0.5]) == np.quantile(values, [0.25, 0.5]).tolist()


def test_thousands_of_millions_of_samples_need_no_room() -> None:
    samples = WeightedSamples([(np.array([0.01, 0.02]), np.array([3_000_000_000, 1_000_000_000]))])
    assert samples.count == 4_000_000_000
    assert samples.quantiles([0.7, 0.8]) == [0.01, 0.02]
    assert samples.mean() == pytest.approx(0.0125)


def test_cdf_ends_at_the_extremes() -> None:
    values, probabilities = WeightedSamples([(np.array([3.0, 1.0, 2.0]), np.array([1, 1, 1]))]).cdf(5)
    assert values.tolist() == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert probabilities.tolist() == [0, 0.25, 0.5, 0.75, 1]
