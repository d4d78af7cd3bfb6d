"""Every kind of model runs end to end, and its resolved scenario gives the same wiring again."""

from __future__ import annotations

import time

import pytest

from simulator import run
from simulator.scenario.schema import Scenario
from simulator.wiring import wire
from tests.run.scenarios import small

KINDS = {
    "latent": ("DeepSeek-V3", "h200", 8),
    "hybrid": ("Jamba-v0.1", "h100", 2),
    "state space": ("Mamba-2.8B", "h100", 1),
    "encoder-decoder": ("Whisper-large-v3", "h100", 1),
    "windows, mxfp4": ("gpt-oss-20b", "h100", 1),
    "weight-only fp8": ("Llama-3.1-8B-FP8", "a100", 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_runs_end_to_end(kind: str) -> None:
    model, hardware, tp = KINDS[kind]
    scenario = small(
        requests=20, prompt=100, output=20, model=model, hardware=hardware, parallel={"tensor_parallel_size": tp}
    )
    wiring = wire(scenario)
    again = wire(wiring.scenario)
    assert again.deployment.dtypes == wiring.deployment.dtypes
    assert again.memory == wiring.memory
    result = run(scenario)
    assert len(result.requests) == 20


def test_memory_for_states_limits_the_running_requests() -> None:
    """Codestral-Mamba keeps 138 MB per sequence: fewer than the engine's 1024 fit on one H100, and it is said."""
    wiring = wire(small(model="Codestral-Mamba-7B", prompt=100, output=20))
    assert wiring.memory.max_sequences is not None
    assert wiring.engine.max_num_seqs == wiring.memory.max_sequences < 1024
    assert any("constant state" in note for note in wiring.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_prefixes_are_reused_only_where_all_of_them_is_kv(kind: str) -> None:
    """vLLM 0.11 turns prefix caching off for recurrent, hybrid and encoder-decoder models; it is said, once."""
    model, hardware, tp = KINDS[kind]
    wiring = wire(small(model=model, hardware=hardware, parallel={"tensor_parallel_size": tp}, prompt=100, output=20))
    state = kind in ("hybrid", "state space", "encoder-decoder")
    assert wiring.engine.enable_prefix_caching is not state
    assert wiring.scenario.engine.enable_prefix_caching is not state
    assert sum("prefix caching is off" in note for note in wiring.notes) == state
    assert not any("prefix caching" in note for note in wire(wiring.scenario).notes)


def _cpu_s(scenario: Scenario) -> float:
    started = time.process_time()
    run(scenario)
    return time.process_time() - started


@pytest.mark.parametrize("model", ["Mamba-2.8B", "RWKV-4-7B"])
def test_runs_without_a_kv_cache_cost_no_more_cpu(model: str) -> None:
    """Their blocks are only counted: 67 million of them cost less than twice a run of 28,278."""
    run(small(requests=10))
    run(small(requests=10, model=model))
    assert _cpu_s(small(requests=1000, model=model)) < 2 * _cpu_s(small(requests=1000))
