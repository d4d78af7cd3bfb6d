"""The first of LLMServingSim's three power pulses: ten requests at once on RTX A6000s, then a minute of quiet.

Lengths as published (ShareGPT, Llama 3.1 tokens), vLLM 0.11.1 without CUDA graphs and prefix caching: facts of the
measured run behind ``peers/power_llmservingsim_a6000.csv.gz`` (casys-kaist/LLMServingSim, December 2025).
"""

from __future__ import annotations

from pathlib import Path

from simulator.cluster.simulation import SimulationOutcome
from simulator.scenario.schema import Scenario
from simulator.serving_run import simulate_wiring
from simulator.wiring import Wiring, wire
from simulator.workload.generate import generate

LENGTHS = [
    (85, 416), (9, 333), (19, 244), (26, 183), (27, 28), (9, 301), (10, 235), (253, 415), (920, 273), (726, 391),
]  # fmt: skip
"""Prompt and output tokens of each request."""


def simulated_pulse(folder: Path, tensor_parallel_size: int) -> tuple[Wiring, SimulationOutcome]:
    """The pulse sent at time 0."""
    path = folder / "pulse.csv"
    rows = "".join(f"0.0,{prompt},{output}\n" for prompt, output in LENGTHS)
    path.write_text("arrival_s,prompt_tokens,output_tokens\n" + rows)
    scenario = Scenario(
        model="llama-3.1-8b",
        hardware="a6000",
        parallel={"tensor_parallel_size": tensor_parallel_size},
        engine={"profile": "vllm-0.13-eager", "max_num_batched_tokens": 2048, "enable_prefix_caching": False},
        workload={"trace": {"path": str(path)}},
    )
    wiring = wire(scenario)
    return wiring, simulate_wiring(wiring, generate(scenario.workload_spec(), 0), 0)
