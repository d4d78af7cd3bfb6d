"""Work of a step: exact counts."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.models.catalog import load_model
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec
from simulator.operators.features import StepFeatures
from simulator.operators.layers import distinct_experts
from simulator.operators.layout import Dtypes, Layout
from simulator.operators.step import step_work
from simulator.operators.work import Work


def prefill(tokens: int, cached: int = 0) -> StepFeatures:
    features = StepFeatures(tokens=tokens)
    features.add_chunk(tokens, cached)
    return features


def total(work: list[Work], field: str) -> float:
    return sum(float(item.count * getattr(item, field)) for item in work)


def named(work: list[Work], name: str) -> Work:
    return next(item for item in work if item.name == name)


def test_prefill_flops_of_llama_3_8b() -> None:
    """29.7 TFLOP for 2048 tokens: linear layers and causal pairs, element-wise work and LM head left out."""
    model = load_model("Llama-3-8B")
    work = step_work(model, Layout(Dtypes()), prefill(2048))
    multiplies = [item for item in work if item.name in ("qkv", "o_proj", "gate_up", "down", "prefill_attention")]
    assert total(multiplies, "flops") / 1e12 == pytest.approx(29.7, abs=0.05)
    linear = total([item for item in multiplies if item.name != "prefill_attention"], "flops")
    assert linear == 2 * 2048 * model.layer_matmul_parameters


@pytest.mark.parametrize(
    ("experts", "chosen", "tokens", "expected"),
    [(8, 2, 1, 2.0), (8, 2, 2, 3.5), (8, 2, 4, 5.5), (8, 2, 8, 7.2), (8, 2, 16, 7.9),
     (256, 8, 8, 57.4), (256, 8, 32, 163.3), (256, 8, 64, 222.4), (256, 8, 128, 251.6)],
)  # fmt: skip
def test_distinct_experts(experts: int, chosen: int, tokens: int, expected: float) -> None:
    assert distinct_experts(experts, chosen, tokens) == pytest.approx(expected, abs=0.05)


def test_decode_reads_every_weight_and_every_kv_byte_once() -> None:
    model = load_model("Llama-3.1-8B")
    features = StepFeatures(tokens=4, sampled=4, decode_seqs=4, decode_queries=4, decode_kv=4000)
    work = step_work(model, Layout(Dtypes()), features)
    weights = 2 * (model.layer_matmul_parameters + model.embedding_parameters)
    kv = 4000 * model.kv_bytes_per_token("bf16")
    assert total(work, "bytes_read") == pytest.approx(weights + kv, rel=0.01)
    assert total(work, "bytes_read") > weights + kv


@pytest.mark.parametrize("tp", [2, 4, 8])
def test_tensor_parallelism_splits_the_flops_and_adds_two_collectives_a_layer(tp: int) -> None:
    model = load_model("Llama-3.1-70B")
    features = StepFeatures(tokens=16, decode_seqs=16, decode_queries=16, decode_kv=16000)
    whole = step_work(model, Layout(Dtypes()), features)
    rank = step_work(model, Layout(Dtypes(), tp), features)
    for name in ("qkv", "o_proj", "gate_up", "down", "decode_attention"):
        assert named(rank, name).flops * tp == named(whole, name).flops
    assert total(whole, "collective_bytes") == 0
    assert total(rank, "collective_bytes") == 2 * 80 * 16 * 8192 * 2


def test_kv_heads_are_replicated_beyond_their_number() -> None:
    model = load_model("Qwen2.5-7B")  # 28 heads on 4 KV heads
    heads, kv_heads = Layout(Dtypes(), 7).heads(model.layers[0].attention)
    assert (heads, kv_heads) == (4, 1)


def test_eight_bit_formats_halve_what_they_store() -> None:
    model = load_model("Llama-3.1-8B")
    features = StepFeatures(tokens=1, decode_seqs=1, decode_queries=1, decode_kv=10_000)
    wide = step_work(model, Layout(Dtypes()), features)
    narrow = step_work(model, Layout(Dtypes.of("fp8", kv="fp8")), features)
    for name in ("gate_up", "decode_attention"):
        assert named(narrow, name).bytes_read / named(wide, name).bytes_read == pytest.approx(0.5, abs=0.01)
        assert named(narrow, name).flops == named(wide, name).flops


def test_sliding_window_limits_the_context() -> None:
    def model(window: int | None) -> ModelSpec:
        return ModelSpec("w", 512, 1000, (LayerBlock(GQAAttention(8, 8, 64, sliding_window=window), DenseFFN(256)),))

    features = StepFeatures(tokens=2, decode_seqs=2, decode_queries=2, decode_kv=20_000)
    full = named(step_work(model(None), Layout(Dtypes()), features), "decode_attention")
    local = named(step_work(model(1000), Layout(Dtypes()), features), "decode_attention")
    assert full.flops / local.flops == 10
    deep = prefill(500, cached=9500)
    full = named(step_work(model(None), Layout(Dtypes()), deep), "prefill_attention")
    local = named(step_work(model(1000), Layout(Dtypes()), deep), "prefill_attention")
    assert local.flops == 4 * 8 * 64 * 500 * 1000
    assert full.flops > 9 * local.flops


def test_sizes_may_be_arrays() -> None:
    from simulator.operators.step import token_work

    model = load_model("Mixtral-8x7B")
    table = token_work(model, Layout(Dtypes(), 2), np.array([1.0, 64.0, 8192.0]))
    one = token_work(model, Layout(Dtypes(), 2), 64.0)
    for rows, single in zip(table, one, strict=True):
        assert np.broadcast_to(rows.flops, 3)[1] == single.flops
        assert np.broadcast_to(rows.bytes_read, 3)[1] == single.bytes_read
