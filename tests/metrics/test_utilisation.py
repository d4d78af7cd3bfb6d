"""Levels over time and the grid series, on steps small enough to check by hand."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from simulator.metrics.logs import FINISHED, RequestLog, StepLog
from simulator.metrics.timeseries import replica_series
from simulator.metrics.utilisation import Levels
from simulator.metrics.window import Window


def three_steps() -> StepLog:
    """Steps [0, 1), [1, 3) and, after idling, [6, 8)."""
    log = StepLog(0, array("d", [0, 1, 6]), array("d", [1, 3, 8]))
    log.tokens, log.decode_seqs = array("i", [100, 3, 5]), array("i", [0, 3, 1])
    log.running, log.waiting = array("i", [1, 3, 2]), array("i", [2, 0, 0])
    log.used_blocks, log.gap_seqs = array("i", [10, 20, 5]), array("i", [0, 1, 0])
    log.num_blocks = 40
    return log


def two_requests() -> RequestLog:
    """Waits 0 to 0.5, runs to 3; waits 5.8 to 6, runs to 8. What the client sees comes 1 s later."""
    log = RequestLog(2)
    log.arrival_s, log.scheduled_s = array("d", [0, 5.8]), array("d", [0.5, 6])
    log.first_token_s, log.finish_s = array("d", [2, 9]), array("d", [4, 9])
    log.status, log.delivery_s = array("b", [FINISHED, FINISHED]), 1.0
    return log


def test_levels_weigh_steps_by_their_seconds_and_count_idle_time() -> None:
    levels = Levels.of([three_steps()], two_requests(), Window(0.0, 10.0))
    assert levels.busy == pytest.approx(0.5)
    assert (levels.peak_running, levels.peak_waiting) == (3, 2)
    assert levels.kv_cache_usage_mean == pytest.approx((10 * 1 + 20 * 2 + 5 * 2) / 10 / 40)
    assert levels.kv_cache_usage_peak == pytest.approx(0.5)
    assert levels.mean_batch_tokens == pytest.approx(36)
    assert levels.mean_batch_seqs == pytest.approx(2)


def test_waiting_and_running_are_seconds_spent_there_per_second() -> None:
    levels = Levels.of([three_steps()], two_requests(), Window(0.0, 10.0))
    assert levels.mean_waiting == pytest.approx((0.5 + 0.2) / 10)
    assert levels.mean_running == pytest.approx((2.5 + 2.0) / 10)
    part = Levels.of([three_steps()], two_requests(), Window(2.0, 5.9, whole_run=False))
    assert (part.mean_waiting, part.mean_running) == (pytest.approx(0.1 / 3.9), pytest.approx(1.0 / 3.9))


def test_requests_of_other_replicas_do_not_count() -> None:
    log = two_requests()
    log.replica = array("q", [0, 1])
    assert Levels.of([three_steps()], log, Window(0.0, 10.0)).mean_waiting == pytest.approx(0.05)


def test_preempted_requests_wait_again() -> None:
    """The level says 2 waiting for 1 s, more than the queue times: the rest waits after a preemption."""
    log = three_steps()
    log.preemptions = 1
    levels = Levels.of([log], two_requests(), Window(0.0, 10.0))
    assert levels.mean_waiting == pytest.approx(2 * 1 / 10)
    assert levels.mean_running == pytest.approx((3 + 2.2 - 2) / 10)


def test_levels_of_a_window_take_the_steps_that_end_inside() -> None:
    levels = Levels.of([three_steps()], two_requests(), Window(1.0, 5.0, whole_run=False))
    assert levels.mean_batch_tokens == 3
    assert levels.busy == pytest.approx(0.5)


def test_plans_that_compute_nothing_are_no_steps() -> None:
    log = three_steps()
    log.tokens[2] = 0
    assert Levels.of([log], two_requests(), Window(0.0, 10.0)).mean_batch_seqs == pytest.approx(2)


def test_series_cells_are_means_and_counters_totals() -> None:
    requests = RequestLog(2)
    requests.arrival_s, requests.scheduled_s = array("d", [0, 0]), array("d", [0, 6])
    requests.first_token_s, requests.finish_s = array("d", [1, 8]), array("d", [3, 8])
    requests.emitted_tokens, requests.cached_tokens = array("q", [2, 1]), array("q", [0, 64])
    requests.status = array("b", [FINISHED, FINISHED])
    series = replica_series(three_steps(), requests, np.array([100, 80]), 9.0)
    assert series["time_s"].tolist() == [3, 6, 9]
    assert series["num_requests_running"] == pytest.approx([(1 + 6) / 3, 0, 4 / 3])
    assert series["kv_cache_usage_perc"] == pytest.approx([50 / 3 / 40, 0, 10 / 3 / 40])
    assert series["batch_tokens"].tolist() == [51.5, 0, 5]
    assert series["engine_steps"].tolist() == [2, 0, 1]
    assert series["prompt_tokens"].tolist() == [100, 100, 180]
    assert series["generation_tokens"].tolist() == [2, 2, 3]
    assert series["prefix_cache_queries"].tolist() == [100, 180, 180]
    assert series["prefix_cache_hits"].tolist() == [0, 64, 64]


def test_no_more_points_than_asked_for() -> None:
    log = StepLog(0, array("d", range(5000)), array("d", range(1, 5001)))
    for name in ("tokens", "decode_seqs", "running", "waiting", "used_blocks", "gap_seqs"):
        setattr(log, name, array("i", [1] * 5000))
    series = replica_series(log, RequestLog(1), np.array([1]), 5000.0, points=100)
    assert len(series["time_s"]) == 100
    assert series["num_requests_running"] == pytest.approx(np.ones(100))
