"""Corrections and multipliers never make memory faster than the data sheet."""

from __future__ import annotations

import pytest

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import ReadableStepCost
from simulator.operators.features import StepFeatures


def decode_step(sequences: int, context: int) -> StepFeatures:
    return StepFeatures(
        tokens=sequences,
        sampled=sequences,
        decode_seqs=sequences,
        decode_queries=sequences,
        decode_kv=sequences * context,
    )


@pytest.mark.parametrize(
    ("model", "device", "tp", "sequences", "context"),
    [
        ("GPT-J-6B", "h100", 1, 256, 4096),
        ("GPT-J-6B", "h100", 1, 200, 5000),
        ("OPT-1.3B", "h200", 1, 64, 100_000),
        ("GPT-J-6B", "h200", 8, 1024, 4096),
    ],
)
def test_kv_far_larger_than_the_cache_takes_the_time_of_reading_it(
    model: str, device: str, tp: int, sequences: int, context: int
) -> None:
    deployment = Deployment.of(model, device, tensor_parallel_size=tp)
    step = decode_step(sequences, context)
    attention = next(row for row in ReadableStepCost(deployment).breakdown(step) if row.name == "decode_attention")
    per_layer = attention.bytes / deployment.model.num_layers
    sheet = deployment.hardware
    assert per_layer > 10 * sheet.l2_bytes
    kept = deployment.model.num_layers * sheet.l2_bytes
    # Factors are interpolated between knots, where the least factor bends: a quarter of a per cent at most.
    assert attention.seconds >= 0.9975 * (attention.bytes - kept) / sheet.memory_bytes_per_s
    compiled = CompiledStepCost(deployment, max_num_batched_tokens=sequences)
    assert compiled.seconds(step) == pytest.approx(ReadableStepCost(deployment).seconds(step), rel=1e-12)


def test_weights_that_a_large_cache_kept_while_timed_come_from_memory_in_a_step() -> None:
    deployment = Deployment.of("GPT-NeoX-20B", "l40s", tensor_parallel_size=8)
    row = next(row for row in ReadableStepCost(deployment).breakdown(decode_step(8, 100)) if row.name == "o_proj")
    weights = deployment.model.num_layers * 6144 * 6144 / 8 * 2
    assert weights > 4 * deployment.hardware.l2_bytes
    assert row.seconds >= weights / deployment.hardware.memory_bytes_per_s * (1 - 1e-9)
