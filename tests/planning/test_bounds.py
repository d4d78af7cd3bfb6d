"""The closed-form bound is never below what a run carries, and its lines lie below the function they bound."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost.compiled import CompiledStepCost
from simulator.planning.bounds import Demand, largest_rate, lines_below
from simulator.scenario.schema import Scenario
from simulator.study.probe import Prober
from simulator.study.question import ask
from simulator.wiring import wire
from simulator.workload.generate import generate

MIXES: dict[str, dict[str, Any]] = {
    "prompts": {"prompt_tokens": 1500, "output_tokens": 4},
    "answers": {"prompt_tokens": 30, "output_tokens": 120},
    "long context": {"prompt_tokens": 9000, "output_tokens": 40},
    "shared prompts": {
        "prompt_tokens": 100,
        "output_tokens": 20,
        "prefix": {"kind": "cycle", "num_prompts": 3, "shared_tokens": 1024},
    },
}
DEPLOYMENTS = [
    ("llama-3.1-8b", "h100", 1, {}),
    ("llama-3.1-8b", "l40s", 2, {"max_num_seqs": 32}),
    ("llama-3.1-8b", "a100", 1, {"max_num_batched_tokens": 1024}),
    ("qwen3-30b-a3b", "h100", 2, {}),
    ("gemma-3-4b", "a100", 1, {}),
    ("llama-3.1-8b", "b200", 1, {"enable_chunked_prefill": False}),
]


def scenario(mix: str, model: str, hardware: str, parallel: int, engine: dict[str, Any]) -> Scenario:
    synthetic = {"num_requests": 250, "arrival": {"kind": "poisson", "rate_per_s": 5}, **MIXES[mix]}
    return Scenario(
        model=model,
        hardware=hardware,
        parallel={"tensor_parallel_size": parallel},
        engine=engine,
        workload={"synthetic": synthetic},
    )


@pytest.mark.parametrize("mix", list(MIXES))
@pytest.mark.parametrize(("model", "hardware", "parallel", "engine"), DEPLOYMENTS)
def test_no_run_is_faster_than_the_bound(
    mix: str, model: str, hardware: str, parallel: int, engine: dict[str, Any]
) -> None:
    asked = scenario(mix, model, hardware, parallel, engine)
    wiring = wire(asked)
    cost = CompiledStepCost(wiring.deployment, max_num_batched_tokens=wiring.engine.max_num_batched_tokens)
    demand = Demand.of(generate(asked.workload_spec(), 0).table, prefix_caching=True)
    bound = largest_rate(wiring.deployment, wiring.memory, wiring.engine, cost, demand)
    question = ask(asked, [])
    prober = Prober(asked, question.load(), (), question.objectives, wiring=wiring, cost=cost)
    # Everything at once: no schedule has more to choose from.
    throughput = prober.probe(1e6, 0, whole=True).summary["request_throughput"]
    assert throughput <= bound
    assert bound < 12 * throughput  # and it says something


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=60))
def test_lines_lie_below_the_function(values: list[float]) -> None:
    values = sorted(values)  # a step with more tokens takes no less time
    lines = lines_below(lambda n: values[n - 1], range(1, len(values) + 1))
    assert lines
    for a, b in lines:
        assert a >= 0
        assert all(a + b * n <= value * (1 + 1e-9) for n, value in enumerate(values, start=1))
    # At every size that is a corner of the hull some line touches the function, or the ray from the origin does.
    assert any(a + b * 1 == pytest.approx(values[0]) for a, b in lines) or any(a == 0 for a, _ in lines)


def test_demand_by_hand() -> None:
    asked = scenario("answers", "llama-3.1-8b", "h100", 1, {})
    demand = Demand.of(generate(asked.workload_spec(), 0).table, prefix_caching=True)
    assert (demand.prompt, demand.output, demand.decoded) == (30, 120, 119)
    assert demand.computed == 30 + 119
    assert demand.resident == sum(30 + step for step in range(1, 120))
    assert demand.longest == 150
    assert not demand.shares
