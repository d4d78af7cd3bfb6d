"""Step times against physics: bounds, monotony, known shapes of curves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.memory import weight_bytes_per_gpu
from simulator.cost.step_cost import ReadableStepCost
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes

H100 = CompiledStepCost(Deployment.of("Llama-3.1-8B", "h100"))


def decode(batch: int, context: int) -> StepFeatures:
    return StepFeatures(tokens=batch, sampled=batch, decode_seqs=batch, decode_queries=batch, decode_kv=batch * context)


def prefill(*chunks: tuple[int, int]) -> StepFeatures:
    features = StepFeatures(tokens=sum(new for new, _ in chunks), sampled=len(chunks))
    for new, cached in chunks:
        features.add_chunk(new, cached)
    return features


def linear_seconds(rows: int) -> float:
    """Seconds of the weight multiplies of a decode step of so many rows, all layers."""
    breakdown = ReadableStepCost(H100.deployment).breakdown(decode(rows, 1))
    return sum(row.seconds for row in breakdown if row.name in ("qkv", "o_proj", "gate_up", "down"))


def test_decode_of_one_sequence_is_bound_by_the_weights() -> None:
    """16 GB of weights over 3.35 TB/s at 75 to 90 % of it: 5.3 to 6.4 ms; no faster than the bandwidth allows."""
    floor = (weight_bytes_per_gpu(H100.deployment) - 2 * 128256 * 4096) / 3352e9
    assert 1 / 0.90 < H100.seconds(decode(1, 100)) / floor < 1 / 0.70


def test_decode_of_linear_layers_is_flat_up_to_128_sequences() -> None:
    assert linear_seconds(128) < 1.15 * linear_seconds(1)
    assert linear_seconds(1024) > 1.8 * linear_seconds(128)


def test_prefill_reaches_a_plausible_share_of_the_peak() -> None:
    flops = 29.7e12
    share = flops / H100.seconds(prefill((2048, 0))) / 989.4e12
    assert 0.5 < share < 0.8


def test_splitting_a_prompt_in_chunks_costs_more() -> None:
    whole = H100.seconds(prefill((4096, 0)))
    chunks = sum(H100.seconds(prefill((512, done))) for done in range(0, 4096, 512))
    assert whole < chunks < 1.6 * whole


@settings(max_examples=50, deadline=None)
@given(batch=st.integers(1, 500), context=st.integers(1, 20_000))
def test_more_context_never_takes_less_time(batch: int, context: int) -> None:
    assert H100.seconds(decode(batch, context + 1)) >= H100.seconds(decode(batch, context))
    assert H100.seconds(decode(batch, context + 2048)) > H100.seconds(decode(batch, context))


def test_graph_padding_makes_steps_between_captured_sizes_equal_but_for_attention() -> None:
    features = [StepFeatures(tokens=n) for n in (249, 256)]
    assert H100.seconds(features[0]) == H100.seconds(features[1])


@pytest.mark.parametrize(("tp", "least", "most"), [(2, 1.5, 2.0), (4, 1.8, 4.0)])
def test_tensor_parallelism_speeds_up_less_than_ideally(tp: int, least: float, most: float) -> None:
    wide = CompiledStepCost(Deployment.of("Llama-3.1-8B", "h100", tensor_parallel_size=tp))
    assert least < H100.seconds(decode(32, 1000)) / wide.seconds(decode(32, 1000)) < most


def test_faster_memory_helps_decode_and_not_prefill() -> None:
    h200 = CompiledStepCost(Deployment.of("Llama-3.1-8B", "h200"))
    assert 1.2 < H100.seconds(decode(16, 2000)) / h200.seconds(decode(16, 2000)) < 1.45
    assert H100.seconds(prefill((8192, 0))) / h200.seconds(prefill((8192, 0))) == pytest.approx(1, abs=0.1)


def test_fp8_weights_help_decode_by_less_than_two() -> None:
    fp8 = CompiledStepCost(Deployment.of("Llama-3.1-8B", "h100", dtypes=Dtypes.of("fp8")))
    assert 1.2 < H100.seconds(decode(8, 100)) / fp8.seconds(decode(8, 100)) < 2


def test_a_mixture_costs_by_the_experts_it_touches() -> None:
    mixtral = CompiledStepCost(Deployment.of("Mixtral-8x7B", "h100", tensor_parallel_size=2))
    assert mixtral.seconds(decode(16, 10)) > 2 * mixtral.seconds(decode(1, 10))
    assert mixtral.seconds(decode(64, 10)) < 1.2 * mixtral.seconds(decode(16, 10))


def test_top_p_sampling_costs_time_per_sequence_and_step() -> None:
    sorted_vocabulary = CompiledStepCost(Deployment.of("Llama-3.1-8B", "h100", top_p_sampling=True))
    extra = [sorted_vocabulary.seconds(decode(n, 10)) - H100.seconds(decode(n, 10)) for n in (1, 101)]
    engine = H100.deployment.engine
    row_s = 128_256 * engine.sampler_row_s_per_word
    assert extra[0] == pytest.approx(engine.sampler_step_s + row_s, rel=1e-6)
    assert extra[1] - extra[0] == pytest.approx(100 * row_s, rel=1e-6)


def test_admission_and_mixed_step_terms() -> None:
    plain, admitting = prefill((100, 0)), prefill((100, 0))
    admitting.admitted = 2
    assert H100.seconds(admitting) - H100.seconds(plain) == pytest.approx(
        2 * H100.deployment.engine.per_admitted_s, rel=1e-9
    )
