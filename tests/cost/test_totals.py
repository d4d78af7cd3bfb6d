"""FLOPs and bytes of a run from the sums of its statistics equal those of its steps."""

from __future__ import annotations

import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.totals import work_totals
from simulator.operators.features import FEATURE_NAMES, StepFeatures
from simulator.operators.step import step_work


def steps() -> list[StepFeatures]:
    made = []
    for batch in (1, 7, 64):
        step = StepFeatures(
            tokens=batch, sampled=batch + 1, decode_seqs=batch, decode_queries=batch, decode_kv=1000 * batch
        )
        step.add_chunk(100 * batch, 50)
        step.tokens += 100 * batch
        made.append(step)
    return made


@pytest.mark.parametrize("tp", [1, 2])
def test_dense_totals_are_exact(tp: int) -> None:
    deployment = Deployment.of("Llama-3.1-8B", "h100", tensor_parallel_size=tp)
    sums = {name: sum(getattr(step, name) for step in steps()) for name in FEATURE_NAMES}
    totals = work_totals(deployment, sums, len(steps()))
    work = [item for step in steps() for item in step_work(deployment.model, deployment.layout, step)]
    assert totals.flops == pytest.approx(tp * sum(float(item.count * item.flops) for item in work), rel=1e-12)
    moved = sum(float(item.count * (item.bytes_read + item.bytes_written)) for item in work)
    assert totals.bytes == pytest.approx(tp * moved, rel=1e-12)
    assert totals.peak_flops_per_s == tp * 989.4e12
    assert totals.peak_bytes_per_s == tp * 3352e9


def test_totals_of_a_mixture_overstate_uneven_runs_a_little() -> None:
    deployment = Deployment.of("Mixtral-8x7B", "h100", tensor_parallel_size=2)
    sums = {name: sum(getattr(step, name) for step in steps()) for name in FEATURE_NAMES}
    work = [item for step in steps() for item in step_work(deployment.model, deployment.layout, step)]
    moved = 2 * sum(float(item.count * (item.bytes_read + item.bytes_written)) for item in work)
    assert 1 <= work_totals(deployment, sums, len(steps())).bytes / moved < 1.05


def test_a_run_without_steps() -> None:
    totals = work_totals(Deployment.of("Llama-3.1-8B", "h100"), {}, 0)
    assert (totals.flops, totals.bytes) == (0.0, 0.0)
