"""Every kind of model runs end to end, and its resolved scenario gives the same wiring again."""

from __future__ import annotations

import pytest

from simulator import run
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
