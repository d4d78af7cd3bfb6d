"""Goals as a sieve of points."""

from __future__ import annotations

import pytest

from simulator.errors import InputError
from simulator.sweeping import sweep
from simulator.sweeping.bounds import Bounds
from tests.sweeping.studies import tiny

METRICS = {"p99_ttft_ms": 480.0, "mean_tpot_ms": 20.0, "output_throughput": 900.0, "goodput_share": None}


@pytest.mark.parametrize(
    ("goals", "met"),
    [
        ((), True),
        (("ttft:p99<500ms",), True),
        (("ttft:p99<0.48s",), False),
        (("ttft:p99<=0.48s",), True),
        (("tpot<20.5ms", "throughput>=900tok/s"), True),
        (("tpot<20.5ms", "throughput>900tok/s"), False),
        (("goodput>=0.5",), False),  # nobody was counted
    ],
)
def test_bounds(goals: tuple[str, ...], met: bool) -> None:
    assert Bounds(goals).met(METRICS) is met


def test_a_statistic_that_points_do_not_keep_is_refused() -> None:
    with pytest.raises(InputError, match="--goal ttft:p98<1s: points keep mean, median, p90, p95 and p99 only"):
        Bounds(["ttft:p98<1s"])


def test_only_points_that_meet_the_goals_are_compared() -> None:
    result = sweep(tiny(), {"engine.max_num_seqs": [1, 64], "rate": [5.0, 50.0]})
    bound = result.points["p99_ttft_ms"].sort_values().iloc[1]
    goals = [f"ttft:p99<={bound}ms"]
    assert set(result.best("tok_s_gpu", n=9, goals=goals).index) == set(
        result.points.index[result.points["p99_ttft_ms"] <= bound]
    )
    assert (result.pareto(goals=goals)["p99_ttft_ms"] <= bound).all()
    with pytest.raises(InputError, match="and meets ttft:p99<1us"):
        result.pareto(goals=["ttft:p99<1us"])
