"""Whole runs on the clock: the fast loop and the walking loop give the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.cluster.simulation import SimulationOutcome, simulate
from simulator.engine.config import EngineConfig
from simulator.workload.table import PromptSegments, RequestTable
from simulator.workload.workload import Workload
from tests.cluster.costs import Affine
from tests.engine.strategies import configs

REQUEST_COLUMNS = (
    "arrival_s",
    "scheduled_s",
    "first_token_s",
    "finish_s",
    "emitted_tokens",
    "cached_tokens",
    "preemptions",
    "replica",
    "status",
)
STEP_COLUMNS = (
    "start_s",
    "end_s",
    "tokens",
    "decode_seqs",
    "prefill_tokens",
    "running",
    "waiting",
    "used_blocks",
    "gap_seqs",
)


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    n = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shared, own = rng.choice([0, 16, 40], n), rng.integers(1, 60, n)
    arrival = np.cumsum(rng.exponential(draw(st.sampled_from([0.0, 0.004, 0.05])) or 1e-12, n))
    runs = [
        [(1, int(a)), (10 + row, int(b))] if a else [(10 + row, int(b))]
        for row, (a, b) in enumerate(zip(shared, own, strict=True))
    ]
    flat = np.array([run for row in runs for run in row], dtype=np.int64)
    segments = PromptSegments(np.cumsum([0, *map(len, runs)]), flat[:, 0], flat[:, 1])
    table = RequestTable.from_columns(
        arrival,
        shared + own,
        rng.integers(1, 50, n),
        priority=rng.integers(0, 3, n),
        adapter=rng.integers(0, 4, n),
        segments=segments if draw(st.booleans()) else None,
    )
    if draw(st.booleans()):
        return Workload(
            table, max_concurrency=draw(st.integers(1, 12)), think_time_s=draw(st.sampled_from([0.0, 0.02]))
        )
    return Workload(table)


def _same(left: SimulationOutcome, right: SimulationOutcome) -> None:
    for name in REQUEST_COLUMNS:
        assert np.array_equal(left.request_log.column(name), right.request_log.column(name), equal_nan=True), name
    assert left.request_log.refusals == right.request_log.refusals
    for mine, theirs in zip(left.step_logs, right.step_logs, strict=True):
        for name in STEP_COLUMNS:
            assert np.array_equal(mine.column(name), theirs.column(name)), name
        assert sorted(mine.odd_gaps_s) == sorted(theirs.odd_gaps_s)
        assert mine.feature_totals == theirs.feature_totals
        for name in ("preemptions", "blocked_admissions", "prefix_hits", "burst_tokens"):
            assert getattr(mine, name) == getattr(theirs, name), name


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs(), workload=workloads(), replicas=st.sampled_from([1, 1, 2, 3]))
def test_bit_for_bit(config: EngineConfig, workload: Workload, replicas: int) -> None:
    rates = [0.7, 0.5, 0.3, 0.2] if config.num_speculative_tokens else None
    fast, reference = (
        simulate(workload, config, Affine(), num_replicas=replicas, acceptance=rates, loop=loop)
        for loop in ("fast", "reference")
    )
    _same(fast, reference)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_first_token_waits_for_the_running_step(asynchronous: bool) -> None:
    """Steps of 10 ms; a request that arrives 1 ms into one runs in the next, or the one after with lag."""
    table = RequestTable.from_columns([0.0, 0.021], [8, 8], [10, 2])
    config = EngineConfig(num_blocks=100, max_model_len=64, async_scheduling=asynchronous)
    log = simulate(Workload(table), config, Affine(0.010, 0.0, 0.0, 0.0), api_latency_s=0.001).request_log
    scheduled = 0.040 if asynchronous else 0.030
    assert log.column("scheduled_s")[1] == pytest.approx(scheduled, abs=1e-12)
    assert log.column("first_token_s")[1] == pytest.approx(scheduled + 0.010 + 0.001, abs=1e-12)
    assert log.column("finish_s")[1] == pytest.approx(scheduled + 0.020 + 0.001, abs=1e-12)


def test_a_window_gathers_a_batch_until_it_is_full_or_old() -> None:
    """Window 50 ms, batches of 3: two wait for the window, three do not."""
    table = RequestTable.from_columns([0.0, 0.010, 1.0, 1.001, 1.002], [8] * 5, [1] * 5)
    config = EngineConfig(policy="dynamic", num_blocks=100, max_num_seqs=3, max_model_len=64, batch_window_s=0.05)
    log = simulate(Workload(table), config, Affine()).request_log
    assert log.column("scheduled_s").tolist() == [0.05, 0.05, 1.002, 1.002, 1.002]


def test_refused_requests_are_named_and_the_rest_served() -> None:
    table = RequestTable.from_columns([0.0, 0.0, 0.0], [8, 900, 8], [2, 2, 2])
    outcome = simulate(Workload(table, max_concurrency=1), EngineConfig(num_blocks=10, max_model_len=1000), Affine())
    assert outcome.request_log.column("status").tolist() == [1, 2, 1]
    assert "901 tokens need 57 KV blocks of 16" in outcome.request_log.refusals[1]
    assert "1 request (row 1) was refused" in outcome.notes[0]


def test_round_robin() -> None:
    table = RequestTable.from_columns(np.arange(7.0), [8] * 7, [2] * 7)
    outcome = simulate(Workload(table), EngineConfig(num_blocks=10), Affine(), num_replicas=3)
    assert outcome.request_log.column("replica").tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_equal_priorities_that_arrive_together_do_not_preempt_each_other_for_ever() -> None:
    """Two requests at the same instant that do not fit together: the first keeps its place."""
    table = RequestTable.from_columns([0.0, 0.0], [47, 67], [18, 17], priority=[2, 2])
    config = EngineConfig(num_blocks=84, block_size=1, max_model_len=200, scheduling_policy="priority")
    log = simulate(Workload(table), config, Affine()).request_log
    assert log.column("status").tolist() == [1, 1]
    assert log.column("preemptions")[0] == 0
