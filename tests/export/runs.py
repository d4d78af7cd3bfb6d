"""Runs that show what exports must cope with: preemption, several replicas, refusals, speculation."""

from __future__ import annotations

from functools import cache

from simulator import RunResult, run
from simulator.scenario.schema import Scenario


@cache
def crowded() -> RunResult:
    """Two replicas whose KV cache is too small: requests are preempted, prompts are chunked; one is refused."""
    synthetic = {
        "num_requests": 40,
        "arrival": {"kind": "poisson", "rate_per_s": 40},
        "prompt_tokens": {"kind": "uniform", "low": 100, "high": 4100},
        "output_tokens": {"kind": "uniform", "low": 1, "high": 150},
    }
    engine = {"num_gpu_blocks_override": 250, "max_model_len": 3900, "max_num_batched_tokens": 1024}
    return run(
        Scenario(model="llama-3.1-8b", hardware="h100", replicas=2, engine=engine, workload={"synthetic": synthetic})
    )


@cache
def speculating() -> RunResult:
    """Several tokens come at once."""
    synthetic = {"num_requests": 20, "arrival": "offline", "prompt_tokens": 300, "output_tokens": 40}
    engine = {"speculative_config": {"num_speculative_tokens": 3, "acceptance": 0.6}}
    return run(Scenario(model="qwen2.5-7b", hardware="h100", engine=engine, workload={"synthetic": synthetic}))
