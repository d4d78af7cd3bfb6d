"""Arrivals whose rate changes with time: expected counts follow the integral of the rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.arrivals import DiurnalArrivals, RampArrivals, RatedArrivals, WindowedArrivals
from simulator.workload.table import FloatColumn


def times(process: RatedArrivals, n: int = 40_000, seed: int = 1) -> FloatColumn:
    return process.times(n, np.random.default_rng(seed))


def assert_counts(arrival_s: FloatColumn, edges_s: list[float], expected: list[float], cv: float = 1.0) -> None:
    """Counts between the edges are within five standard deviations of a renewal process of this CV."""
    counts, _ = np.histogram(arrival_s, edges_s)
    wanted = np.array(expected)
    assert np.all(np.abs(counts - wanted) < 5 * cv * np.sqrt(wanted) + 2), (counts, wanted)


def test_a_ramp_grows_along_a_line_and_then_stays() -> None:
    arrival_s = times(RampArrivals(0.0, 20.0, 1000.0))
    assert np.all(np.diff(arrival_s) >= 0)
    assert_counts(arrival_s, [0, 500, 1000, 1500], [2500, 7500, 10_000])


def test_a_falling_ramp() -> None:
    assert_counts(times(RampArrivals(20.0, 5.0, 1000.0)), [0, 500, 1000, 1500], [8125, 4375, 2500])


def test_a_flat_ramp_is_poisson() -> None:
    arrival_s = times(RampArrivals(5.0, 5.0, 100.0))
    gaps = np.diff(arrival_s)
    assert gaps.mean() == pytest.approx(0.2, rel=0.03)
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("burstiness", [1.0, 0.25])
def test_a_day_has_its_peak_where_it_is_told(burstiness: float) -> None:
    day = DiurnalArrivals(10.0, amplitude=0.8, peak_s=1000.0, period_s=4000.0, burstiness=burstiness)
    arrival_s = times(day, 80_000)
    assert np.all(np.diff(arrival_s) >= 0)
    swing = 10 * 0.8 * 4000 / math.pi  # integral of the cosine over the half period around its peak
    assert_counts(arrival_s, [0, 2000, 4000], [20_000 + swing, 20_000 - swing], cv=burstiness**-0.5)


def test_a_day_that_falls_silent() -> None:
    arrival_s = times(DiurnalArrivals(1.0, amplitude=1.0, peak_s=0.0, period_s=86_400.0), 200_000)
    assert np.all(np.isfinite(arrival_s))
    assert np.all(np.diff(arrival_s) >= 0)


def test_windows_come_again_and_idle_ones_stay_empty() -> None:
    arrival_s = times(WindowedArrivals(100.0, (0.0, 30.0, 0.0, 10.0)), 8000)
    assert np.all(np.diff(arrival_s) >= 0)
    assert_counts(arrival_s, [0, 100, 200, 300, 400, 500, 600], [0, 3000, 0, 1000, 0, 3000])
    assert np.count_nonzero(arrival_s < 100) == 0


@pytest.mark.parametrize(
    "process",
    [RampArrivals(1.0, 9.0, 50.0), DiurnalArrivals(4.0, 0.5, period_s=100.0), WindowedArrivals(10.0, (1.0, 7.0))],
)
def test_twice_the_rate_is_the_mean_rate_doubled(process: RatedArrivals) -> None:
    assert process.at_rate(2.0).rate_per_s == pytest.approx(2 * process.rate_per_s)


def test_bad_rates_are_refused() -> None:
    with pytest.raises(InputError, match="one of them > 0"):
        WindowedArrivals(1.0, (0.0, 0.0))
    with pytest.raises(InputError, match="amplitude"):
        DiurnalArrivals(1.0, 1.5)
    with pytest.raises(InputError, match="end_rate_per_s"):
        RampArrivals(1.0, 0.0, 10.0)
