"""The summary against figures computed token by token, and its conventions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from simulator.cost.totals import DeviceTotals
from simulator.errors import InputError
from simulator.metrics.goodput import Objectives
from simulator.metrics.logs import REFUSED
from simulator.metrics.summary import RunRecords, SummaryRules, mean_of, summarise
from simulator.metrics.window import WindowRule
from tests.metrics.hand_made import hand_made

VLLM_KEYS = [
    *("num_prompts", "request_rate", "burstiness", "max_concurrency", "duration", "completed", "failed"),
    *("total_input_tokens", "total_output_tokens", "request_throughput", "request_goodput", "output_throughput"),
    *("total_token_throughput",),
    *(f"{s}_{m}_ms" for s in ("mean", "median", "std", "p90", "p95", "p99") for m in ("ttft", "tpot", "itl", "e2el")),
]


@pytest.mark.parametrize("seed", range(5))
def test_latencies_equal_those_computed_token_by_token(seed: int) -> None:
    made = hand_made(seed)
    summary = summarise(made.records)
    for name, values in made.latencies_ms().items():
        expected = [values.mean(), *np.percentile(values, [50, 90, 95, 99]), values.std()]
        found = [summary[f"{key}_{name}_ms"] for key in ("mean", "median", "p90", "p95", "p99", "std")]
        assert found == pytest.approx(expected, rel=1e-9), name


def test_tokens_of_one_chunk_have_no_gap_between_them() -> None:
    made = hand_made(1)
    before = summarise(made.records)
    made.records.steps[0].burst_tokens = 500
    after = summarise(made.records)
    assert {key: after[key] for key in after if "itl" in key} == {key: before[key] for key in before if "itl" in key}


def test_throughput_and_totals() -> None:
    made = hand_made(2)
    summary, table = summarise(made.records), made.records.workload.table
    duration = max(times[-1] for times in made.token_times) - made.arrival_s[0]
    tokens = sum(len(times) for times in made.token_times)
    assert summary["duration"] == pytest.approx(duration)
    assert summary["total_input_tokens"] == table.prompt_tokens.sum()
    assert summary["total_output_tokens"] == tokens
    assert summary["request_throughput"] == pytest.approx(40 / duration)
    assert summary["output_throughput"] == pytest.approx(tokens / duration)
    assert summary["total_token_throughput"] == pytest.approx((tokens + table.prompt_tokens.sum()) / duration)


def test_keys_are_vllms_and_json_is_strict() -> None:
    summary = summarise(hand_made(3).records)
    assert set(VLLM_KEYS) < set(summary)
    json.dumps(summary, allow_nan=False)


def test_goodput_needs_every_objective() -> None:
    made = hand_made(4)
    bounds = Objectives(ttft_ms=900.0, tpot_ms=22.0, e2el_ms=1400.0)
    good = 0
    for arrival, times in zip(made.arrival_s, made.token_times, strict=True):
        tpot = 1e3 * (times[-1] - times[0]) / max(1, len(times) - 1)
        good += 1e3 * (times[0] - arrival) <= 900 and tpot <= 22 and 1e3 * (times[-1] - arrival) <= 1400
    summary = summarise(made.records, SummaryRules(objectives=bounds))
    assert 0 < good < 40
    assert summary["request_goodput"] == pytest.approx(good / summary["duration"])
    assert summary["goodput_share"] == good / 40
    assert summarise(made.records)["request_goodput"] is None


def test_offline_has_an_infinite_rate_in_words() -> None:
    made = hand_made(5).records
    offline = RunRecords(type(made.workload)(made.workload.table), made.log, made.steps)
    assert summarise(offline)["request_rate"] == "inf"


def test_refused_requests_have_failed_and_no_latency() -> None:
    made = hand_made(6)
    before = summarise(made.records)
    made.records.log.status[0] = REFUSED
    after = summarise(made.records)
    assert (after["failed"], after["completed"]) == (1, before["completed"] - 1)
    values = np.delete(made.latencies_ms()["ttft"], 0)
    assert after["mean_ttft_ms"] == pytest.approx(values.mean())


def test_window_cuts_warm_up_and_drain() -> None:
    made = hand_made(7)
    rule = WindowRule(warmup_fraction=0.25, exclude_drain=True)
    summary = summarise(made.records, SummaryRules(window=rule))
    first, last = made.arrival_s[0], made.arrival_s[-1]
    start = first + 0.25 * (last - first)
    assert summary["window"] == {"start_s": pytest.approx(start), "end_s": last, "whole_run": False}
    inside = made.arrival_s >= start
    assert summary["mean_ttft_ms"] == pytest.approx(made.latencies_ms()["ttft"][inside].mean())
    assert summary["duration"] == pytest.approx(last - start)


def test_a_warm_up_longer_than_the_run_is_refused() -> None:
    with pytest.raises(InputError, match="leaves nothing to measure"):
        summarise(hand_made(8).records, SummaryRules(window=WindowRule(warmup_s=1e4)))


def test_mfu_and_mbu_are_shares_of_the_whole_run() -> None:
    made = hand_made(9)
    # The work of both replicas, the peaks of one.
    summary = summarise(made.records, work=DeviceTotals(5e12, 3e9, 1e13, 1e10))
    assert summary["mfu"] == pytest.approx(0.5 / 2 / summary["duration"])
    assert summary["mbu"] == pytest.approx(0.3 / 2 / summary["duration"])


def test_mean_of_summaries() -> None:
    one = {"a": 1, "b": "inf", "c": None, "d": 3, "n": 10, "peak_num_requests_running": 4, "kv_cache_usage_peak": 0.5}
    two = {"a": 2, "b": "inf", "c": 4.0, "d": 3, "n": 20, "peak_num_requests_running": 9, "kv_cache_usage_peak": 0.2}
    mean = mean_of([one, two])
    assert mean == {
        "a": 1.5,
        "b": "inf",
        "c": None,
        "d": 3,
        "n": 15,
        "peak_num_requests_running": 9,
        "kv_cache_usage_peak": 0.5,
    }
    assert type(mean["n"]) is int
