"""Arrival processes: rate, spread of gaps, stretching with the rate, edge values."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.arrivals import (
    ARRIVAL_KINDS,
    BurstIdleArrivals,
    ClosedLoopArrivals,
    ConstantArrivals,
    FixedBatchArrivals,
    GammaArrivals,
    OfflineArrivals,
    PoissonArrivals,
)

N = 200_000
BURSTS = BurstIdleArrivals(burst_gap_mean_s=0.1, burst_gap_cv=2.0, idle_gap_probability=0.01, idle_gap_mean_s=20.0)
NO_IDLE = BurstIdleArrivals(burst_gap_mean_s=0.1, burst_gap_cv=2.0, idle_gap_probability=0.0, idle_gap_mean_s=20.0)
RATED = [
    PoissonArrivals(4.0),
    GammaArrivals(4.0, 0.25),
    GammaArrivals(4.0, 9.0),
    ConstantArrivals(4.0),
    BURSTS,
    NO_IDLE,
]


def expected_gap_cv(process: object) -> float:
    if isinstance(process, GammaArrivals):
        return process.burstiness**-0.5
    if isinstance(process, BurstIdleArrivals):
        p, burst, idle = process.idle_gap_probability, process.burst_gap_mean_s, process.idle_gap_mean_s
        mean = (1 - p) * burst + p * idle
        second_moment = (1 - p) * burst**2 * (1 + process.burst_gap_cv**2) + p * 2 * idle**2
        return float(np.sqrt(second_moment / mean**2 - 1))
    return 1.0 if isinstance(process, PoissonArrivals) else 0.0


@pytest.mark.parametrize("process", RATED, ids=lambda process: repr(process))
def test_rate_and_gap_variation_are_those_of_the_process(process: PoissonArrivals) -> None:
    times = process.times(N, np.random.default_rng(1))
    gaps = np.diff(times)
    cv = expected_gap_cv(process)
    # Four standard errors of a mean, and of a coefficient of variation of a heavy-tailed gap (batch estimate).
    assert times[0] == 0
    assert gaps.min() >= 0
    assert gaps.mean() * process.rate_per_s == pytest.approx(1, abs=4 * cv / np.sqrt(N) + 1e-9)
    parts = [part.std() / part.mean() for part in np.array_split(gaps, 20)]
    assert gaps.std() / gaps.mean() == pytest.approx(cv, abs=4 * np.std(parts) / np.sqrt(20) + 0.01 * cv + 1e-9)


def test_poisson_gaps_are_exponential() -> None:
    from scipy.stats import kstest

    gaps = np.diff(PoissonArrivals(7.0).times(20_000, np.random.default_rng(3)))
    assert kstest(gaps * 7.0, "expon").pvalue > 0.001


def test_gamma_gaps_are_gamma_as_in_vllm_bench() -> None:
    from scipy.stats import gamma, kstest

    gaps = np.diff(GammaArrivals(7.0, burstiness=0.5).times(20_000, np.random.default_rng(3)))
    assert kstest(gaps, gamma(0.5, scale=1 / (7.0 * 0.5)).cdf).pvalue > 0.001


def test_burstiness_one_is_poisson() -> None:
    assert GammaArrivals(3.0).burstiness == 1.0
    gaps = np.diff(GammaArrivals(3.0).times(50_000, np.random.default_rng(0)))
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("process", RATED, ids=lambda process: repr(process))
def test_another_rate_stretches_the_same_pattern(process: PoissonArrivals) -> None:
    slow = process.times(1000, np.random.default_rng(5))
    fast = process.at_rate(4.0).times(1000, np.random.default_rng(5))
    np.testing.assert_allclose(fast * 4.0, slow, rtol=1e-12)
    assert process.at_rate(4.0).rate_per_s == pytest.approx(4 * process.rate_per_s)


@pytest.mark.parametrize("process", RATED, ids=lambda process: repr(process))
def test_more_requests_continue_the_same_sequence(process: PoissonArrivals) -> None:
    few, many = (process.times(n, np.random.default_rng(5)) for n in (100, 1000))
    np.testing.assert_array_equal(few, many[:100])


def test_constant_arrivals_are_equally_spaced() -> None:
    assert ConstantArrivals(4.0).times(4, np.random.default_rng()).tolist() == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("process", [OfflineArrivals(), FixedBatchArrivals(5), ClosedLoopArrivals(2, 1.5)])
def test_batches_and_closed_loops_are_there_at_once(process: OfflineArrivals) -> None:
    assert process.times(5, np.random.default_rng()).tolist() == [0] * 5


def test_fixed_batch_refuses_another_number_of_requests() -> None:
    with pytest.raises(InputError, match="batch_size"):
        FixedBatchArrivals(5).times(6, np.random.default_rng())


@pytest.mark.parametrize(
    ("kind", "fields", "path"),
    [
        ("poisson", {"rate_per_s": 0.0}, "rate_per_s"),
        ("poisson", {"rate_per_s": float("inf")}, "rate_per_s"),
        ("constant", {"rate_per_s": -1.0}, "rate_per_s"),
        ("gamma", {"rate_per_s": 1.0, "burstiness": 0.0}, "burstiness"),
        ("closed_loop", {"max_concurrency": 0}, "max_concurrency"),
        ("closed_loop", {"max_concurrency": 1, "think_time_s": -1.0}, "think_time_s"),
        ("fixed_batch", {"batch_size": 0}, "batch_size"),
        (
            "burst_idle",
            {"burst_gap_mean_s": 1.0, "burst_gap_cv": 1.0, "idle_gap_probability": 1.5, "idle_gap_mean_s": 1.0},
            "idle_gap_probability",
        ),
    ],
)
def test_impossible_processes_are_refused(kind: str, fields: dict[str, float], path: str) -> None:
    with pytest.raises(InputError) as caught:
        ARRIVAL_KINDS[kind](**fields)  # type: ignore[arg-type]
    assert caught.value.path == path
