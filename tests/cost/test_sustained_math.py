"""The math rate that a device keeps up through a step bounds its multiplies."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import OperatorTime, ReadableStepCost
from simulator.operators.features import StepFeatures


def prompt(tokens: int) -> StepFeatures:
    features = StepFeatures(tokens=tokens, sampled=1, admitted=1)
    features.add_chunk(tokens, 0)
    return features


def gate_up(deployment: Deployment, tokens: int) -> OperatorTime:
    return next(row for row in ReadableStepCost(deployment).breakdown(prompt(tokens)) if row.name == "gate_up")


@cache
def a100() -> Deployment:
    return Deployment.of("meta-llama/Llama-3.1-70B-Instruct", "a100", tensor_parallel_size=4)


def test_no_prompt_is_multiplied_faster_than_that() -> None:
    deployment = a100()
    sustained = deployment.fits.sustained_math
    assert sustained is not None
    row = gate_up(deployment, 2048)
    most = sustained.constants.peak_share * deployment.hardware.peak("bf16")
    assert row.flops / row.seconds <= most * (1 + 1e-12)
    burst = gate_up(replace(deployment, fits=replace(deployment.fits, sustained_math=None)), 2048)
    assert row.seconds > 1.05 * burst.seconds


def test_a_decode_batch_waits_for_memory_as_before() -> None:
    deployment = a100()
    without = replace(deployment, fits=replace(deployment.fits, sustained_math=None))
    step = StepFeatures(tokens=32, sampled=32, decode_seqs=32, decode_queries=32, decode_kv=32_000)
    assert ReadableStepCost(deployment).seconds(step) == pytest.approx(ReadableStepCost(without).seconds(step))


@pytest.mark.parametrize("tokens", [1, 100, 577, 2048])
def test_tables_agree_with_the_readable_path(tokens: int) -> None:
    deployment = a100()
    expected = ReadableStepCost(deployment).seconds(prompt(tokens))
    assert CompiledStepCost(deployment).seconds(prompt(tokens)) == pytest.approx(expected, rel=1e-12)
