"""FLOPs, bytes and operator times of a run against the sum over its single steps."""

from __future__ import annotations

import pytest

from simulator.cluster.simulation import simulate
from simulator.cost.step_cost import ReadableStepCost
from simulator.cost.uncertainty import step_band
from simulator.metrics.step_mix import step_mix
from simulator.metrics.work import operator_shares, run_totals
from simulator.operators.features import StepFeatures
from simulator.operators.step import step_work
from simulator.wiring import wire
from simulator.workload.generate import generate
from tests.run.scenarios import small


class Recorder:
    """Times steps by the readable cost and adds up their work."""

    def __init__(self, deployment: object) -> None:
        self.cost = ReadableStepCost(deployment)  # type: ignore[arg-type]
        self.flops = self.bytes = self.total_s = 0.0
        self.steps = 0

    def seconds(self, features: StepFeatures) -> float:
        deployment = self.cost.deployment
        for work in step_work(deployment.model, deployment.layout, features):
            runs = work.count * deployment.tensor_parallel_size
            self.flops += float(runs * work.flops)
            self.bytes += float(runs * (work.bytes_read + work.bytes_written))
        seconds = self.cost.seconds(features)
        self.total_s += seconds
        self.steps += 1
        return seconds


@pytest.mark.parametrize("model", ["llama-3.1-8b", "mixtral-8x7b"])
def test_totals_equal_the_sum_over_steps(model: str) -> None:
    parallel = {"tensor_parallel_size": 2}
    wiring = wire(small(requests=40, rate=8, model=model, parallel=parallel))
    recorder = Recorder(wiring.deployment)
    outcome = simulate(generate(wiring.scenario.workload_spec(), 0), wiring.engine, recorder)
    mix = step_mix(outcome.step_logs)
    assert sum(kind.steps for kind in mix) == recorder.steps
    totals = run_totals(wiring.deployment, outcome.step_logs)
    assert totals.flops == pytest.approx(recorder.flops, rel=1e-9)
    # Dense models are exact; an MoE's touched experts are taken at the mean step (concave, so a little too many).
    assert totals.bytes == pytest.approx(recorder.bytes, rel=1e-9 if "llama" in model else 0.10)
    shares = operator_shares(wiring.deployment, mix)
    mean_s = sum(share.seconds for share in shares)
    assert mean_s == pytest.approx(recorder.total_s / recorder.steps, rel=0.10)
    low, high = step_band(wiring.deployment, shares)
    assert 0.7 < low < 1 < high < 1.4


def test_speculation_counts_its_verified_rows() -> None:
    engine = {"speculative_config": {"num_speculative_tokens": 3, "acceptance": 0.6}}
    wiring = wire(small(requests=30, engine=engine))
    recorder = Recorder(wiring.deployment)
    outcome = simulate(
        generate(wiring.scenario.workload_spec(), 0), wiring.engine, recorder, acceptance=wiring.acceptance
    )
    totals = run_totals(wiring.deployment, outcome.step_logs)
    # Verification attention goes with (drafts per sequence) x (KV tokens): a product of means, not a mean of products.
    assert totals.flops == pytest.approx(recorder.flops, rel=1e-4)
