"""Goal strings: what they mean, and what is said about the ones that mean nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.metrics.goodput import Objectives
from simulator.study.goal_text import parse_goal, parse_goals, parse_objectives
from simulator.study.goals import Metric


@pytest.mark.parametrize(
    ("text", "metric", "quantile", "bound", "strict"),
    [
        ("ttft:p95<300ms", Metric.TTFT, 0.95, 0.3, True),
        ("tpot:p99<=50ms", Metric.TPOT, 0.99, 0.05, False),
        ("itl:p99.9<100ms", Metric.ITL, 0.999, 0.1, True),
        ("e2e:mean<10s", Metric.E2EL, None, 10.0, True),
        ("E2EL < 0.5 min", Metric.E2EL, None, 30.0, True),
        ("queue-time:median<=1e3us", Metric.QUEUE_TIME, 0.5, 1e-3, False),
        ("goodput>=0.99", Metric.GOODPUT_SHARE, None, 0.99, False),
        ("goodput>99%", Metric.GOODPUT_SHARE, None, 0.99, True),
        ("goodput>=5 req/s", Metric.GOODPUT, None, 5.0, False),
        ("throughput>=1000tok/s", Metric.OUTPUT_THROUGHPUT, None, 1000.0, False),
        ("throughput>2.5req/s", Metric.REQUEST_THROUGHPUT, None, 2.5, True),
        ("total_throughput>=1e4tok/s", Metric.TOTAL_THROUGHPUT, None, 1e4, False),
    ],
)
def test_meaning(text: str, metric: Metric, quantile: float | None, bound: float, strict: bool) -> None:
    goal = parse_goal(text)
    assert (goal.metric, goal.strict, goal.text) == (metric, strict, text)
    assert goal.quantile == pytest.approx(quantile)
    assert goal.bound == pytest.approx(bound)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ttft", "must read METRIC"),
        ("", "must read METRIC"),
        ("ttfs<3ms", "did you mean 'ttft'?"),
        ("ttft:p95<300", "has no unit; allowed: us, ms, s, min"),
        ("ttft:p95<300msec", "has the unit 'msec'"),
        ("ttft:p95>300ms", "must be an upper bound"),
        ("ttft:p95=300ms", "must be an upper bound"),
        ("goodput<=0.9", "must be a lower bound"),
        ("goodput:p95>=0.9", "has a statistic"),
        ("goodput>=99", "at most 1 (or 100%)"),
        ("goodput>=5tok/s", "has the unit 'tok/s'; allowed: req/s"),
        ("throughput>=5", "has no unit; allowed: req/s, tok/s"),
        ("ttft:q95<3s", "did you mean 'p95'?"),
        ("ttft:p100<3s", "no known statistic"),
        ("ttft:p0<3s", "no known statistic"),
        ("ttft:<3s", "no known statistic"),
        ("ttft<-3s", "positive number"),
        ("ttft<0s", "positive number"),
        ("ttft<1e999s", "positive number"),
        ("ttft<nans", "has the unit 'nans'"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_goal(text)
    assert message in str(caught.value)
    assert "--goal" in str(caught.value)


@given(st.text(alphabet="tpofe2lgd:<>=0159.%ms/ \n-", max_size=24))
def test_any_text_is_a_goal_or_one_clear_error(text: str) -> None:
    try:
        goal = parse_goal(text)
    except InputError:
        return
    assert 0 < goal.bound < float("inf")


def test_two_bounds_on_one_statistic_are_refused() -> None:
    assert len(parse_goals(["ttft:p95<1s", "ttft:p99<2s", "ttft<1s"], Objectives())) == 3
    with pytest.raises(InputError, match="same statistic as 'ttft:p50<1s'"):
        parse_goals(["ttft:p50<1s", "ttft:median<2s"], Objectives())


def test_goodput_needs_objectives() -> None:
    with pytest.raises(InputError, match="needs objectives"):
        parse_goals(["goodput>=0.9"], Objectives())
    assert parse_goals(["goodput>=0.9"], Objectives(ttft_ms=5))[0].needs_objectives


def test_objectives_are_vllms() -> None:
    assert parse_objectives("ttft:200 tpot:50") == Objectives(200, 50, None)
    assert parse_objectives("e2el:1.5e3") == Objectives(None, None, 1500)


@pytest.mark.parametrize("text", ["", "ttft", "ttft:", "ttft:x", "ttft:-1", "itl:3", "ttft:1 ttft:2", "ttft:200ms"])
def test_objectives_mistakes(text: str) -> None:
    with pytest.raises(InputError, match="--goodput"):
        parse_objectives(text)


def test_bounds_hold_as_written() -> None:
    below, at_most = parse_goal("ttft<1s"), parse_goal("ttft<=1s")
    assert (below.holds(1.0), at_most.holds(1.0), below.holds(0.99), at_most.holds(1.01)) == (False, True, True, False)
    least = parse_goal("throughput>=10req/s")
    assert (least.holds(10.0), least.holds(9.9), least.holds(None), below.holds(None)) == (True, False, False, True)
