"""Engine terms beyond plain host time: launch floor, time per sequence, executables compiled for one context length."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile, load_engine
from simulator.cost.step_cost import ReadableStepCost
from simulator.operators.features import StepFeatures

PLAIN = replace(load_engine("vllm-0.15"), per_layer_prefill_s=0.0)


def decode(sequences: int, context: int) -> StepFeatures:
    return StepFeatures(
        tokens=sequences,
        sampled=sequences,
        decode_seqs=sequences,
        decode_queries=sequences,
        decode_kv=sequences * context,
    )


def prompt(tokens: int) -> StepFeatures:
    features = StepFeatures(tokens=tokens, sampled=1, admitted=1)
    features.add_chunk(tokens, 0)
    return features


def costs(engine: EngineProfile, **options: int) -> list[CompiledStepCost | ReadableStepCost]:
    """Both paths over the same deployment of 32 layers."""
    deployment = Deployment.of("Llama-3.1-8B", "h100", engine=engine, **options)
    return [CompiledStepCost(deployment, max_num_batched_tokens=64), ReadableStepCost(deployment)]


def test_a_layer_runs_no_faster_than_its_launches() -> None:
    host_s = PLAIN.per_step_s + 32 * PLAIN.per_layer_s
    for plain, floored in zip(costs(PLAIN), costs(replace(PLAIN, layer_floor_s=500e-6)), strict=True):
        assert plain.seconds(decode(1, 100)) < 32 * 500e-6
        assert floored.seconds(decode(1, 100)) == pytest.approx(32 * 500e-6 + host_s, rel=1e-12)
        # A step whose kernels take longer hides its launches.
        assert floored.seconds(prompt(4096)) == pytest.approx(plain.seconds(prompt(4096)), rel=1e-12)


def test_the_floor_is_a_row_of_the_breakdown() -> None:
    _, readable = costs(replace(PLAIN, layer_floor_s=500e-6))
    assert isinstance(readable, ReadableStepCost)
    rows = {row.name: row for row in readable.breakdown(decode(1, 100))}
    device_s = sum(row.seconds for row in rows.values() if row.kernel_class != "host")
    assert rows["launch_floor"].seconds == pytest.approx(32 * 500e-6 - device_s)
    assert "launch_floor" not in {row.name for row in readable.breakdown(prompt(4096))}


@pytest.mark.parametrize("features", [decode(40, 1000), prompt(300)], ids=["decode", "prompt"])
def test_every_sequence_costs_its_bookkeeping(features: StepFeatures) -> None:
    sequences = features.decode_seqs + features.prefill_seqs
    for plain, slower in zip(costs(PLAIN), costs(replace(PLAIN, per_sequence_s=30e-6)), strict=True):
        assert slower.seconds(features) - plain.seconds(features) == pytest.approx(sequences * 30e-6, rel=1e-6)


def test_a_compiled_context_is_read_whole() -> None:
    static = costs(replace(PLAIN, static_context=True), context_tokens=4096)
    for plain, compiled in zip(costs(PLAIN), static, strict=True):
        assert compiled.seconds(decode(8, 100)) == compiled.seconds(decode(8, 4000))
        assert compiled.seconds(decode(8, 100)) == pytest.approx(plain.seconds(decode(8, 4096)), rel=1e-12)
        assert compiled.seconds(prompt(300)) == plain.seconds(prompt(300))


def test_a_static_engine_without_a_length_is_compiled_for_the_longest_the_model_takes() -> None:
    unsaid, said = (
        costs(replace(PLAIN, static_context=True), **options)[0] for options in ({}, {"context_tokens": 131_072})
    )
    assert unsaid.seconds(decode(2, 10)) == said.seconds(decode(2, 10))


def test_two_ranks_on_a_device_hold_replicated_kv_heads_twice() -> None:
    """Eight KV heads over 16 chips of two cores: every core keeps one, so a chip reads two."""
    chip, cores = (
        Deployment.of("Llama-3-70B", "trainium1", tensor_parallel_size=16, engine=replace(PLAIN, ranks_per_device=n))
        for n in (1, 2)
    )
    attention = chip.model.layers[0].attention
    assert chip.layout.heads(attention) == (4, 1)
    assert cores.layout.heads(attention) == (4, 2)


def test_without_an_all_reduce_of_its_own_an_engine_pays_the_librarys_latency() -> None:
    own, library = (
        Deployment.of("Llama-3.1-8B", "a100", tensor_parallel_size=4, engine=replace(PLAIN, custom_all_reduce=custom))
        for custom in (True, False)
    )
    fast, slow = (ReadableStepCost(deployment).seconds(decode(1, 100)) for deployment in (own, library))
    assert slow > fast + 64 * 1e-6
