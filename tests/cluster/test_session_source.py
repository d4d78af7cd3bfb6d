"""Requests that wait for one another are sent exactly a pause after the answer they wait for."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.cluster.simulation import SimulationOutcome, simulate
from simulator.engine.config import EngineConfig
from simulator.errors import InputError
from simulator.metrics.logs import FINISHED, REFUSED
from simulator.operators.features import StepFeatures
from simulator.workload import Pause, RequestTable, SessionSpec, Workload, WorkloadSpec, generate
from simulator.workload.arrivals import PoissonArrivals
from simulator.workload.lengths import UniformLength


class TokensCost:
    """A step takes 1 ms and 0.1 ms a token."""

    def seconds(self, features: StepFeatures) -> float:
        return 1e-3 + 1e-4 * features.tokens


ENGINE = EngineConfig(
    num_blocks=4000,
    block_size=16,
    max_num_seqs=32,
    max_num_batched_tokens=512,
    max_model_len=4096,
    enable_prefix_caching=True,
)
CHAT = SessionSpec(
    num_sessions=40,
    arrival=PoissonArrivals(4.0),
    turns=UniformLength(1, 5),
    user_tokens=UniformLength(10, 60),
    output_tokens=UniformLength(5, 40),
    think=Pause(0.3, 1.0),
    system_prompt_tokens=64,
)


def run(workload: Workload, engine: EngineConfig = ENGINE, replicas: int = 1) -> SimulationOutcome:
    return simulate(workload, engine, TokensCost(), num_replicas=replicas, api_latency_s=0.001)


@pytest.mark.parametrize("replicas", [1, 3])
def test_every_turn_is_sent_a_pause_after_the_answer_before_it_to_the_bit(replicas: int) -> None:
    workload = generate(WorkloadSpec(sessions=CHAT), seed=3)
    table = workload.table
    assert table.after_row is not None
    assert table.think_s is not None
    log = run(workload, replicas=replicas).request_log
    assert np.all(np.asarray(log.status) == FINISHED)
    arrival, finish = np.asarray(log.arrival_s), np.asarray(log.finish_s)
    waits = table.after_row >= 0
    assert waits.sum() > 40
    assert np.array_equal(arrival[waits], finish[table.after_row[waits]] + table.think_s[waits])
    assert np.array_equal(arrival[~waits], table.arrival_s[~waits])


def test_the_prefix_cache_finds_earlier_answers() -> None:
    workload = generate(WorkloadSpec(sessions=CHAT), seed=3)
    table = workload.table
    assert table.after_row is not None
    log = run(workload).request_log
    cached = np.asarray(log.cached_tokens)
    last = table.after_row
    later = last >= 0
    # All of the request before but the last token generated stays in this roomy cache; whole blocks are found.
    known = table.prompt_tokens[last] + table.output_tokens[last] - 1
    assert np.array_equal(cached[later], (known // 16 * 16)[later])


def test_a_slower_system_is_asked_later() -> None:
    table = RequestTable.from_columns(
        [0.0, 0.0, 5.0], [10, 20, 5], [2000, 5, 5], after_row=[-1, 0, -1], think_s=[0, 1, 0]
    )
    log = run(Workload(table)).request_log
    assert log.arrival_s[1] == log.finish_s[0] + 1.0 > 3.0
    assert log.arrival_s[2] == 5.0


def test_a_request_never_comes_before_its_own_arrival() -> None:
    table = RequestTable.from_columns([0.0, 50.0], [10, 20], [2, 2], after_row=[-1, 0])
    assert run(Workload(table)).request_log.arrival_s[1] == 50.0


def test_followers_of_a_refused_request_are_sent_all_the_same() -> None:
    table = RequestTable.from_columns([0.0, 0.0], [5000, 20], [2, 2], after_row=[-1, 0], think_s=[0.0, 2.0])
    log = run(Workload(table)).request_log
    assert log.status[0] == REFUSED
    assert log.status[1] == FINISHED
    assert log.arrival_s[1] == 2.0


def test_sessions_cannot_be_limited() -> None:
    table = RequestTable.from_columns([0.0, 0.0], [10, 20], [2, 2], after_row=[-1, 0])
    with pytest.raises(InputError, match="cannot be limited"):
        Workload(table, max_concurrency=2)


def test_one_request_may_be_followed_by_several() -> None:
    table = RequestTable.from_columns(
        [0.0, 0.0, 0.0], [10, 20, 30], [2, 2, 2], after_row=[-1, 0, 0], think_s=[0.0, 1.0, 2.0]
    )
    log = run(Workload(table)).request_log
    assert log.arrival_s[1] == log.finish_s[0] + 1.0
    assert log.arrival_s[2] == log.finish_s[0] + 2.0
