"""The searches on ladders against looking at every rung; the drift test on known queues; the interval by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.study.interval import estimate
from simulator.study.search import Turn, find_peak, find_turn
from simulator.study.stability import FEWEST, backlog_drift


@given(st.data())
def test_find_turn_equals_looking_at_every_rung(data: st.DataObject) -> None:
    rungs = data.draw(st.integers(1, 200))
    turn = data.draw(st.integers(0, rungs))  # rungs below it say yes
    start, stride = data.draw(st.integers(0, rungs - 1)), data.draw(st.integers(1, 50))
    asked: list[int] = []

    def holds(rung: int) -> bool:
        asked.append(rung)
        return rung < turn

    found = find_turn(holds, rungs, start, stride)
    assert found == Turn(turn - 1 if turn else None, turn if turn < rungs else None)
    assert len(asked) <= 4 + 2 * math.log2(rungs + 1)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.data())
def test_find_turn_finds_a_turn_whatever_the_noise(answers: list[bool], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(answers) - 1))
    found = find_turn(lambda rung: answers[rung], len(answers), start, 4)
    assert found.last_yes is None or answers[found.last_yes]
    assert found.first_no is None or not answers[found.first_no]
    if found.last_yes is not None and found.first_no is not None:
        assert found.first_no == found.last_yes + 1


@given(st.data())
def test_find_peak_equals_looking_at_every_rung(data: st.DataObject) -> None:
    rungs = data.draw(st.integers(1, 150))
    peak = data.draw(st.integers(0, rungs - 1))
    left, right = data.draw(st.floats(0.1, 5)), data.draw(st.floats(0.1, 5))

    def height(rung: int) -> float:
        return left * (rung - peak) if rung < peak else right * (peak - rung)

    assert find_peak(height, rungs, data.draw(st.integers(0, rungs - 1)), data.draw(st.integers(1, 40))) == peak


def queue(rho: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrivals and departures of an M/M/1 queue with one arrival per second (Lindley's recursion)."""
    rng = np.random.default_rng(seed)
    arrival, service = np.cumsum(rng.exponential(size=n)), rho * rng.exponential(size=n)
    finish, free = np.empty(n), 0.0
    for row in range(n):
        free = finish[row] = max(free, arrival[row]) + service[row]
    return arrival, finish


@pytest.mark.parametrize("rho", [0.3, 0.7, 0.9])
def test_stable_queues_do_not_drift(rho: float) -> None:
    drifts = [backlog_drift(*queue(rho, 4000, seed)) for seed in range(20)]
    assert sum(drift is None or drift.grows() for drift in drifts) <= 1
    assert all(drift.flat() for drift in drifts if drift is not None) or rho > 0.5


@pytest.mark.parametrize("rho", [1.3, 2.0, 5.0])
def test_saturated_queues_drift_by_what_is_left_over(rho: float) -> None:
    for seed in range(10):
        drift = backlog_drift(*queue(rho, 4000, seed))
        assert drift is not None
        assert drift.grows()
        assert drift.slope == pytest.approx(1 - 1 / rho, abs=0.12)


def test_drift_says_nothing_before_the_system_has_filled() -> None:
    arrival = np.arange(200.0)
    assert backlog_drift(arrival, arrival + 150) is None
    assert backlog_drift(arrival[: FEWEST - 1], arrival[: FEWEST - 1] + 1) is None
    assert backlog_drift(np.zeros(500), np.arange(500.0)) is None
    steady = backlog_drift(arrival, arrival + 10.5)
    assert steady is not None
    assert steady.slope == pytest.approx(0, abs=1e-12)


def test_seeds_that_turn_at_the_same_load_turn_at_the_answer() -> None:
    ladder = [1.1**rung for rung in range(60)]
    for rung in range(59):
        found = estimate([Turn(rung, rung + 1)] * 3, ladder)
        assert (found.load, found.low <= found.load <= found.high) == (ladder[rung], True)


def test_interval_by_hand() -> None:
    ladder = [1.1**rung for rung in range(20)]
    one = estimate([Turn(7, 8)], ladder)
    assert (one.load, one.low, one.high) == pytest.approx((ladder[7], ladder[7], ladder[8]))
    several = estimate([Turn(6, 7), Turn(8, 9), Turn(10, 11)], ladder)
    # t(0.975, 2) = 4.3027; the logarithms are 2 steps apart: s = 2 ln 1.1
    half = 4.3027 * 2 * math.log(1.1) / math.sqrt(3)
    assert several.load == pytest.approx(ladder[8])
    assert several.low == pytest.approx(ladder[8] * math.exp(-half), rel=1e-4)
    assert several.high == pytest.approx(ladder[9] * math.exp(half), rel=1e-4)
    assert estimate([Turn(None, 0), Turn(19, None)], ladder).high > ladder[19]
