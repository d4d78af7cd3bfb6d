"""Quantile tables fitted to samples: mean kept, distance as promised, few levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.workload.fit import distribution_mean, fit_quantiles, ks_distance

RNG = np.random.default_rng(4)
SAMPLES = {
    "lognormal": np.maximum(1, RNG.lognormal(6, 1, 20_000)).astype(np.int64),
    "two-humps": np.concatenate((RNG.normal(100, 5, 5000), RNG.normal(4000, 50, 5000))).astype(np.int64),
    "atoms": RNG.choice([1, 6, 7, 512, 8192], 10_000, p=[0.2, 0.3, 0.1, 0.3, 0.1]).astype(np.int64),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_short_table_keeps_mean_and_shape(name: str) -> None:
    sample = SAMPLES[name]
    table = fit_quantiles(sample)
    assert len(table.levels) <= 60
    assert distribution_mean(table) == pytest.approx(sample.mean(), rel=1e-3)
    assert ks_distance(table, sample) < 0.006
    drawn = table.draw(np.random.default_rng(0).random(200_000))
    assert drawn.mean() == pytest.approx(sample.mean(), abs=5 * sample.std() / 200_000**0.5 + 0.05)
    # The promised distance, measured on what is really drawn; 0.004 is the noise of 200,000 draws.
    values = np.unique(np.concatenate((drawn, sample)))
    drawn_share = np.searchsorted(np.sort(drawn), values, side="right") / len(drawn)
    sample_share = np.searchsorted(np.sort(sample), values, side="right") / len(sample)
    assert np.abs(drawn_share - sample_share).max() < ks_distance(table, sample) + 0.004


def test_finer_tolerance_gives_more_levels_and_less_distance() -> None:
    sample = SAMPLES["lognormal"]
    coarse, fine = fit_quantiles(sample, 0.02), fit_quantiles(sample, 0.002)
    assert len(coarse.levels) < len(fine.levels)
    assert ks_distance(fine, sample) < ks_distance(coarse, sample)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=300))
def test_any_sample_gives_a_valid_table(tokens: list[int]) -> None:
    sample = np.array(tokens)
    table = fit_quantiles(sample)
    drawn = table.draw(np.append(np.linspace(0, 1, 501, endpoint=False), np.nextafter(1, 0)))
    assert sample.min() <= drawn.min() <= drawn.max() <= sample.max()


def test_nothing_to_fit() -> None:
    with pytest.raises(InputError):
        fit_quantiles(np.array([], dtype=np.int64))
