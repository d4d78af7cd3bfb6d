"""Waits and counts against queueing theory: M/M/1, M/D/1, Little's law."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from simulator.cluster.simulation import simulate
from simulator.engine.config import EngineConfig
from simulator.workload.table import RequestTable
from simulator.workload.workload import Workload
from tests.cluster.costs import Affine, PerToken

SECONDS_PER_TOKEN = 1e-6
MEAN_SERVICE_S = 1.0
ONE_AT_A_TIME = EngineConfig(
    num_blocks=2_000_000,
    block_size=16,
    max_num_seqs=1,
    max_num_batched_tokens=30_000_000,
    max_model_len=30_000_000,
)


def _mean_wait_s(load: float, service_s: npt.NDArray[np.float64], rng: np.random.Generator) -> float:
    """Mean queueing time (s) of requests served one at a time, the first tenth left out as warm-up."""
    n = len(service_s)
    arrival_s = np.cumsum(rng.exponential(MEAN_SERVICE_S / load, n))
    prompt = np.maximum(1, np.rint(service_s / SECONDS_PER_TOKEN)).astype(np.int64)
    workload = Workload(RequestTable.from_columns(arrival_s, prompt, np.ones(n, dtype=np.int64)))
    log = simulate(workload, ONE_AT_A_TIME, PerToken(SECONDS_PER_TOKEN)).request_log
    wait = log.column("scheduled_s") - log.column("arrival_s")
    return float(wait[n // 10 :].mean())


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
@pytest.mark.parametrize("service", ["exponential", "constant"])
def test_mean_wait(load: float, service: str) -> None:
    """M/M/1: Wq = rho / (mu - lambda); M/D/1: half of it (Pollaczek-Khinchine)."""
    waits = []
    for seed in range(20):
        rng = np.random.default_rng([seed, int(load * 100)])
        n = 8_000
        times = rng.exponential(MEAN_SERVICE_S, n) if service == "exponential" else np.full(n, MEAN_SERVICE_S)
        waits.append(_mean_wait_s(load, times, rng))
    expected = load * MEAN_SERVICE_S / (1 - load) * (1.0 if service == "exponential" else 0.5)
    half_width = stats.t.ppf(0.995, len(waits) - 1) * np.std(waits, ddof=1) / np.sqrt(len(waits))
    assert abs(np.mean(waits) - expected) <= half_width
    assert half_width < 0.12 * expected  # the interval is narrow enough to mean something


@pytest.mark.parametrize("think_time_s", [0.0, 0.25])
@pytest.mark.parametrize("clients", [1, 7, 32])
def test_closed_loop_obeys_littles_law(clients: int, think_time_s: float) -> None:
    """Requests in the system, integrated over time, are the sum of the times spent in it; and never exceed N."""
    rng = np.random.default_rng(clients)
    n = 400
    table = RequestTable.from_columns(np.zeros(n), rng.integers(1, 900, n), rng.integers(1, 60, n))
    workload = Workload(table, max_concurrency=clients, think_time_s=think_time_s)
    config = EngineConfig(num_blocks=4000, max_num_seqs=16, max_num_batched_tokens=512, max_model_len=2000)
    log = simulate(workload, config, Affine()).request_log
    arrival, finish = log.column("arrival_s"), log.column("finish_s")
    assert np.isfinite(finish).all()

    times = np.concatenate([arrival, finish])
    change = np.concatenate([np.ones(n), -np.ones(n)])
    order = np.lexsort((change, times))  # at equal times departures come first
    level = np.cumsum(change[order])
    integral = float(np.sum(level[:-1] * np.diff(times[order])))
    assert integral == pytest.approx(float(np.sum(finish - arrival)), rel=1e-12)
    assert level.max() <= clients

    while_full = times[order][:-1] < arrival.max()
    if think_time_s == 0.0:  # then every client always has a request in flight: N = X * R exactly
        assert (level[:-1][while_full & (np.diff(times[order]) > 0)] == clients).all()
    else:  # each client cycles through residence and thinking without a gap
        per_client_start = np.sort(arrival)[clients:]
        assert np.allclose(per_client_start, np.sort(finish)[: n - clients] + think_time_s, rtol=1e-12)


def test_utilisation_is_load() -> None:
    """The share of time a single server is busy is the offered load."""
    rng = np.random.default_rng(5)
    n, load = 40_000, 0.7
    arrival = np.cumsum(rng.exponential(MEAN_SERVICE_S / load, n))
    prompt = np.maximum(1, np.rint(rng.exponential(MEAN_SERVICE_S, n) / SECONDS_PER_TOKEN)).astype(np.int64)
    workload = Workload(RequestTable.from_columns(arrival, prompt, np.ones(n, dtype=np.int64)))
    outcome = simulate(workload, ONE_AT_A_TIME, PerToken(SECONDS_PER_TOKEN))
    steps = outcome.step_logs[0]
    busy = float(np.sum(steps.column("end_s") - steps.column("start_s")))
    assert busy == pytest.approx(prompt.sum() * SECONDS_PER_TOKEN, rel=1e-9)
    assert busy / outcome.end_s == pytest.approx(load, rel=0.02)
