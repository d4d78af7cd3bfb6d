"""Each verdict from a run that deserves it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.runner import run
from tests.run.scenarios import small, with_arrival


def diagnosis(scenario: Any) -> dict[str, str]:
    found: dict[str, str] = run(scenario).summary["diagnosis"]
    return found


def test_stable() -> None:
    found = diagnosis(small(requests=300, rate=5))
    assert found["verdict"] == "stable"
    assert "requests finish as fast as they come" in found["text"]


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


def test_thrashing() -> None:
    engine = {"num_gpu_blocks_override": 120, "enable_prefix_caching": False}
    found = diagnosis(small(requests=60, rate=30, prompt=200, output=400, engine=engine))
    assert found["verdict"] == "thrashing"
    assert "preemptions for 60 finished requests" in found["text"]


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
