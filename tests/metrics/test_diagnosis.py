"""Each verdict from a run that deserves it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.result import RunResult
from simulator.runner import run
from tests.run.scenarios import small, with_arrival


def diagnosis(scenario: Any) -> dict[str, str]:
    found: dict[str, str] = run(scenario).summary["diagnosis"]
    return found


def test_stable() -> None:
    found = diagnosis(small(requests=300, rate=5))
    assert found["verdict"] == "stable"
    assert "requests finish as fast as they come" in found["text"]


def test_a_handful_of_requests_shows_no_trend() -> None:
    found = diagnosis(small(requests=12, rate=50))
    assert found["verdict"] == "too_short"
    assert "Too short to tell whether this load lasts" in found["text"]


def test_saturated_by_compute() -> None:
    found = diagnosis(small(requests=600, rate=200, prompt=2000, output=8))
    assert found["verdict"] == "saturated"
    assert "Compute is the limit" in found["text"]


def test_saturated_by_max_num_seqs() -> None:
    found = diagnosis(small(requests=300, rate=40, engine={"max_num_seqs": 4}))
    assert found["verdict"] == "saturated"
    assert "engine.max_num_seqs (4) is the limit" in found["text"]


def test_saturated_by_kv_memory() -> None:
    engine = {"num_gpu_blocks_override": 300, "policy": "guaranteed_no_evict", "enable_prefix_caching": False}
    found = diagnosis(small(requests=300, rate=40, prompt=512, output=256, engine=engine))
    assert found["verdict"] == "saturated"
    assert "KV memory is the limit" in found["text"]


FIGHT = {"num_gpu_blocks_override": 120, "enable_prefix_caching": False}
"""Room for three or four requests of 600 tokens, and five times as many seats."""


def test_thrashing() -> None:
    loop = {
        "num_requests": 60,
        "arrival": {"kind": "closed_loop", "max_concurrency": 16},
        "prompt_tokens": 200,
        "output_tokens": 400,
    }
    found = diagnosis(small(engine=FIGHT, workload={"synthetic": loop}))
    assert found["verdict"] == "thrashing"
    assert "preemptions for 60 finished requests" in found["text"]


def test_saturation_is_said_before_thrashing() -> None:
    found = diagnosis(small(requests=60, rate=30, prompt=200, output=400, engine=FIGHT))
    assert found["verdict"] == "saturated"
    assert found["text"].index("Saturated: ") < found["text"].index("Thrashing: ")


def test_full_memory_that_refuses_nobody_is_not_kv_bound() -> None:
    """With exactly as many blocks as are ever used, memory is 100 % full and changes nothing."""

    def with_blocks(blocks: int) -> RunResult:
        engine = {"num_gpu_blocks_override": blocks + 1, "enable_prefix_caching": False}  # one is the null block
        return run(small(requests=200, rate=8, prompt=3000, engine=engine))

    enough = with_blocks(20_000)
    full = with_blocks(int(enough.records.steps[0].column("used_blocks").max()))
    assert full.requests.equals(enough.requests)
    assert full.summary["kv_cache_usage_peak"] == 1.0
    assert full.summary["peak_num_requests_waiting"] > 0
    assert full.summary["diagnosis"]["verdict"] == "stable"


def test_kv_bound_when_the_next_request_is_refused_blocks() -> None:
    engine = {"num_gpu_blocks_override": 260, "policy": "guaranteed_no_evict", "enable_prefix_caching": False}
    result = run(small(requests=300, rate=8, engine=engine))
    summary = result.summary
    assert summary["num_preemptions"] == 0
    assert 0 < summary["kv_blocked_step_share"] < 1
    assert summary["diagnosis"]["verdict"] == "kv_bound"
    assert "of the steps refuse the next request its KV blocks" in summary["diagnosis"]["text"]


@pytest.mark.parametrize(
    ("slo", "traffic", "said"),
    [
        ({"ttft_ms": 50}, {"rate": 60, "prompt": 2000}, "waiting in the queue"),
        ({"ttft_ms": 50}, {"rate": 0.5, "prompt": 2000}, "in prefill"),
        ({"tpot_ms": 12}, {"rate": 8, "prompt": 2000, "output": 200}, "in steps that also compute prompts"),
        ({"tpot_ms": 5}, {"rate": 0.2}, "decode steps take 6."),
        ({"e2el_ms": 100}, {"rate": 0.2}, "decoding"),
        ({"e2el_ms": 90_000}, {"rate": 0.2}, "Every finished request meets the objectives."),
    ],
)
def test_missed_objectives_are_named_with_their_reason(
    slo: dict[str, float], traffic: dict[str, Any], said: str
) -> None:
    result = run(small(**({"requests": 100} | traffic), slo=slo))
    text = result.summary["diagnosis"]["text"]
    assert said in text
    if "meets" not in said:
        (name,) = slo
        assert f"The {name.removesuffix('_ms').upper()} objective ({slo[name]:g} ms) is missed by " in text
        assert "objective" not in run(small(requests=20)).summary["diagnosis"]["text"]


def test_the_share_of_missed_objectives_is_that_of_the_table() -> None:
    result = run(small(requests=400, rate=30, slo={"ttft_ms": 45}))
    missed = (result.requests["ttft_ms"] > 45).mean()
    assert 0.1 < missed < 1
    assert f"is missed by {100 * missed:.0f} % of the requests" in result.summary["diagnosis"]["text"]


def test_offline() -> None:
    assert diagnosis(with_arrival({"kind": "offline"}))["verdict"] == "offline"


def test_closed_loop_is_not_called_saturated() -> None:
    scenario = with_arrival({"kind": "closed_loop", "max_concurrency": 16}, requests=200)
    found = diagnosis(scenario)
    assert found["verdict"] == "stable"
    assert "the closed loop settles" in found["text"]


def test_idle() -> None:
    found = diagnosis(small(requests=40, rate=0.05, output=8))
    assert found["verdict"] == "idle"


def test_nothing_served() -> None:
    found = diagnosis(small(requests=5, prompt=5000, engine={"max_model_len": 1000}))
    assert found["verdict"] == "nothing_served"
    assert "5 of 5 requests were refused" in found["text"]


@pytest.mark.parametrize("seed", range(8))
def test_luck_is_not_called_saturation(seed: int) -> None:
    scenario = small(requests=200, rate=2, run={"seed": seed})
    assert diagnosis(scenario)["verdict"] in ("stable", "idle")
