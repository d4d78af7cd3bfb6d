"""Length distributions: exact vectors, moments, clipping, rank correlation, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.lengths import (
    LENGTH_KINDS,
    ExponentialLength,
    FixedLength,
    Lengths,
    LogNormalLength,
    NormalLength,
    QuantileLength,
    UniformLength,
    correlated_uniforms,
)

U = np.random.default_rng(11).random(400_000)

EVERY_KIND: list[Lengths] = [
    FixedLength(7),
    UniformLength(3, 9),
    NormalLength(100, 0.3),
    LogNormalLength(100, 1.5),
    ExponentialLength(50),
    QuantileLength((0, 0.5, 1), (1, 10, 1000)),
]


def test_every_kind_is_covered_here() -> None:
    assert {lengths.kind for lengths in EVERY_KIND} == set(LENGTH_KINDS)


@pytest.mark.parametrize("lengths", EVERY_KIND, ids=lambda lengths: lengths.kind)
def test_counts_are_whole_positive_and_rise_with_u(lengths: Lengths) -> None:
    u = np.concatenate(([0.0], np.linspace(0, 1, 999, endpoint=False), [np.nextafter(1, 0)]))
    tokens = lengths.draw(u)
    assert tokens.dtype == np.int64
    assert tokens.min() >= 1
    assert np.all(np.diff(tokens[1:]) >= 0)


def test_exact_vectors() -> None:
    u = np.array([0.0, 0.25, 0.5, 0.75, 0.999])
    assert FixedLength(7).draw(u).tolist() == [7] * 5
    assert UniformLength(10, 13).draw(u).tolist() == [10, 11, 12, 13, 13]
    assert QuantileLength((0, 0.5, 1), (10, 20, 120)).draw(u).tolist() == [10, 15, 20, 70, 120]
    assert NormalLength(100, 0.1).draw(np.array([0.5, 0.841344746])).tolist() == [100, 110]
    assert ExponentialLength(100).draw(np.array([0.0, 1 - np.exp(-1)])).tolist() == [1, 100]


def test_uniform_reaches_both_ends_equally_often() -> None:
    counts = np.bincount(UniformLength(3, 6).draw(U))[3:]
    assert counts.tolist() == pytest.approx([len(U) / 4] * 4, rel=0.02)


@pytest.mark.parametrize(
    ("lengths", "mean", "cv"),
    [
        (NormalLength(5000, 0.2), 5000, 0.2),
        (LogNormalLength(5000, 0.8), 5000, 0.8),
        (ExponentialLength(5000), 5000, 1.0),
        (UniformLength(1, 9999), 5000, 9999 / 12**0.5 / 5000),
    ],
)
def test_mean_and_variation(lengths: Lengths, mean: float, cv: float) -> None:
    tokens = lengths.draw(U)
    assert tokens.mean() == pytest.approx(mean, rel=5 * cv / np.sqrt(len(U)))
    assert tokens.std() / tokens.mean() == pytest.approx(cv, rel=0.02)


def test_clipping() -> None:
    for lengths in (NormalLength(100, 1.0, 50, 150), LogNormalLength(100, 1.0, 50, 150)):
        tokens = lengths.draw(U)
        assert (tokens.min(), tokens.max()) == (50, 150)


@pytest.mark.parametrize("spearman", [-0.9, -0.3, 0.073, 0.5, 0.99])
def test_rank_correlation_of_the_copula(spearman: float) -> None:
    from scipy.stats import spearmanr

    u, v = correlated_uniforms(100_000, spearman, np.random.default_rng(1), np.random.default_rng(2))
    assert spearmanr(u, v).statistic == pytest.approx(spearman, abs=0.01)
    for column in (u, v):
        assert column.min() >= 0
        assert column.max() < 1
        assert np.quantile(column, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)


def test_correlation_leaves_the_first_column_alone() -> None:
    tied, _ = correlated_uniforms(100, 0.7, np.random.default_rng(1), np.random.default_rng(2))
    free, _ = correlated_uniforms(100, 0.0, np.random.default_rng(1), np.random.default_rng(2))
    np.testing.assert_array_equal(tied, free)


def test_perfect_rank_correlation() -> None:
    u, v = correlated_uniforms(1000, 1.0, np.random.default_rng(1), np.random.default_rng(2))
    np.testing.assert_allclose(u, v, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "fields", "path"),
    [
        ("fixed", {"tokens": 0}, "tokens"),
        ("fixed", {"tokens": 2**31}, "tokens"),
        ("uniform", {"low": 5, "high": 4}, "high"),
        ("uniform", {"low": 0, "high": 4}, "low"),
        ("normal", {"mean": float("nan"), "cv": 1.0}, "mean"),
        ("normal", {"mean": 10.0, "cv": -1.0}, "cv"),
        ("lognormal", {"mean": 10.0, "cv": 1.0, "min_tokens": 9, "max_tokens": 8}, "max_tokens"),
        ("exponential", {"mean": 0.0}, "mean"),
        ("quantiles", {"levels": (0.0, 1.0), "values": (1.0,)}, "values"),
        ("quantiles", {"levels": (0.0, 0.5), "values": (1.0, 2.0)}, "levels"),
        ("quantiles", {"levels": (0.0, 0.5, 0.5, 1.0), "values": (1.0, 2.0, 3.0, 4.0)}, "levels"),
        ("quantiles", {"levels": (0.0, 0.5, 1.0), "values": (1.0, 3.0, 2.0)}, "values"),
        ("quantiles", {"levels": (0.0, 1.0), "values": (0.0, 2.0)}, "values"),
        ("quantiles", {"levels": (0.0, 1.0), "values": (1.0, float("nan"))}, "values"),
    ],
)
def test_impossible_distributions_are_refused(kind: str, fields: dict[str, float], path: str) -> None:
    with pytest.raises(InputError) as caught:
        LENGTH_KINDS[kind](**fields)  # type: ignore[arg-type]
    assert caught.value.path == path
