"""Prompts and decodes of a step in one attention call."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.mixed_attention import mixed_form
from simulator.cost.step_cost import ReadableStepCost
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes
from simulator.operators.work import DecodeAttention
from tests.cost.test_compiled import steps

_FULL = LayerBlock(GQAAttention(16, 4, 128), DenseFFN(4096))
_LOCAL = LayerBlock(GQAAttention(16, 4, 64, sliding_window=512), DenseFFN(4096))
_WHOLE = LayerBlock(GQAAttention(16, 16, 64), DenseFFN(4096))

DEPLOYMENTS = {
    "one group": Deployment.of("Llama-3.1-8B", "rtx-4090"),
    "tensor parallel": Deployment.of("Qwen3-32B", "rtx-pro-6000", tensor_parallel_size=2),
    "windows and whole heads": Deployment.of(ModelSpec("m", 2048, 32000, (_FULL, _LOCAL, _WHOLE) * 4), "l40s"),
    "hybrid": Deployment.of("Jamba-v0.1", "a100", tensor_parallel_size=4),
}
COSTS = {
    name: (CompiledStepCost(d, max_num_batched_tokens=512), ReadableStepCost(d)) for name, d in DEPLOYMENTS.items()
}


def mixed(decodes: int, kv_tokens: int, chunk: int = 512, cached: int = 0) -> StepFeatures:
    """A step of one chunk (none of length 0) and equal decodes."""
    features = StepFeatures(tokens=decodes + chunk, sampled=decodes)
    if chunk:
        features.add_chunk(chunk, cached)
    features.decode_seqs += decodes
    features.decode_queries += decodes
    features.decode_kv += decodes * kv_tokens
    return features


def attention_s(deployment: Deployment, features: StepFeatures) -> dict[str, float]:
    """Seconds of a step's attention by kernel class."""
    rows = ReadableStepCost(deployment).breakdown(features)
    return {row.kernel_class: row.seconds for row in rows if "attention" in row.kernel_class}


@pytest.mark.parametrize("name", COSTS)
@settings(max_examples=60, deadline=None)
@given(features=steps())
def test_compiled_equals_readable(name: str, features: StepFeatures) -> None:
    compiled, readable = COSTS[name]
    assert compiled.seconds(features) == pytest.approx(readable.seconds(features), rel=1e-12, abs=0)


def test_a_call_takes_its_longest_unit_at_least() -> None:
    """One decode with much KV beside a chunk: the chunk's time hides in the decode's, on both paths."""
    compiled, readable = COSTS["one group"]
    small, large = (mixed(1, 60_000, chunk=chunk) for chunk in (32, 256))
    attention = [sum(attention_s(DEPLOYMENTS["one group"], step).values()) for step in (small, large)]
    assert attention[0] == pytest.approx(attention[1], rel=1e-12)
    assert compiled.seconds(small) == pytest.approx(readable.seconds(small), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("heads", "kv_heads", "decodes", "kv_tokens", "chunk_us", "apart_us", "call_us"),
    [
        (32, 4, 1, 8192, 24.5, 27.9, 186.6),
        (32, 4, 16, 8192, 24.5, 200.9, 558.5),
        (32, 4, 128, 1024, 24.5, 230.3, 706.2),
        (32, 4, 128, 8192, 24.5, 1471.7, 8157.0),
        (32, 8, 1, 8192, 24.9, 38.0, 186.0),
        (32, 8, 16, 1024, 24.9, 60.3, 111.0),
        (32, 8, 128, 8192, 24.9, 2855.0, 8635.4),
        (64, 8, 128, 1024, 37.3, 393.7, 1350.7),
    ],
)
def test_measured_calls(
    heads: int, kv_heads: int, decodes: int, kv_tokens: int, chunk_us: float, apart_us: float, call_us: float
) -> None:
    """RTX PRO 6000, vLLM 0.19 (LLMServingSim, MIT): a chunk of 512 tokens, decodes alone, and both in one call."""
    deployment = Deployment.of("Llama-3.1-8B", "rtx-pro-6000")
    shape = DecodeAttention(heads, kv_heads, 128, decodes, decodes, decodes * kv_tokens, "bf16", "bf16", 2.0)
    busy, longest = mixed_form(shape, deployment).seconds(decodes, decodes * kv_tokens)
    call = max(chunk_us * 1e-6 + busy, longest)
    assert call == pytest.approx(call_us * 1e-6, rel=0.25)
    assert chunk_us + apart_us < 0.85 * call_us


def test_a_pure_decode_step_is_as_it_was() -> None:
    deployment = DEPLOYMENTS["one group"]
    deployment = replace(deployment, engine=replace(deployment.engine, decode_overlap=0.0))
    without = replace(deployment, fits=replace(deployment.fits, mixed_attention={}))
    features = mixed(64, 2000, chunk=0)
    assert CompiledStepCost(deployment).seconds(features) == CompiledStepCost(without).seconds(features)
    assert set(attention_s(deployment, features)) == {"decode_attention"}


def test_a_short_chunk_unpacks_the_decodes_beside_it() -> None:
    """The kernel packs query heads only when the longest query is one token."""
    deployment = DEPLOYMENTS["one group"]
    packed, unpacked = attention_s(deployment, mixed(64, 4000, 0)), attention_s(deployment, mixed(64, 4000, 8, 4000))
    assert set(packed) == {"decode_attention"}
    assert set(unpacked) == {"mixed_attention"}
    assert 1.5 < unpacked["mixed_attention"] / packed["decode_attention"] < 5


def test_decodes_cost_more_the_more_heads_share_a_kv_head() -> None:
    def added(kv_heads: int) -> float:
        model = ModelSpec("m", 4096, 32000, (LayerBlock(GQAAttention(32, kv_heads, 128), DenseFFN(4096)),))
        deployment = Deployment.of(model, "rtx-pro-6000")
        features = mixed(128, 8000)
        decode = attention_s(deployment, mixed(128, 8000, chunk=0))["decode_attention"]
        return attention_s(deployment, features).get("mixed_attention", decode) / decode

    slower = [added(kv_heads) for kv_heads in (16, 8, 4)]
    assert all(low < high for low, high in pairwise(slower))


@pytest.mark.parametrize(
    ("hardware", "engine", "kv", "one"),
    [
        ("rtx-4090", "vllm-0.15", "bf16", True),
        ("l40s", "vllm-0.15", "bf16", True),
        ("a100", "vllm-0.15", "bf16", True),
        ("a40", "vllm-0.15", "bf16", True),
        ("l40s", "vllm-0.15", "fp8", False),  # FlashAttention-2 reads no FP8 cache
        ("a100", "tensorrt-llm", "bf16", False),
        ("a100", "vllm-0.2", "bf16", False),
        ("h100", "vllm-0.15", "bf16", False),  # FlashAttention-3 packs query heads at any length
        ("b200", "vllm-0.15", "bf16", False),
    ],
)
def test_who_runs_one_call(hardware: str, engine: str, kv: str, one: bool) -> None:
    deployment = Deployment.of("Llama-3.1-8B", hardware, engine=engine, dtypes=Dtypes.of("bf16", kv=kv))
    assert ("mixed_attention" in attention_s(deployment, mixed(8, 1000))) is one


def test_who_borrows() -> None:
    """Ampere, Ada and RTX Blackwell cards run the same library; Volta cannot."""
    names = ("RTX-3090", "L4", "V100-SXM2-32GB")
    assert [bool(load_fits(load_hardware(name)).mixed_attention) for name in names] == [True, True, False]


def test_a_mixed_step_takes_a_few_microseconds() -> None:
    compiled, _ = COSTS["one group"]
    features = mixed(64, 2000)
    best = min(_time_of(compiled, features) for _ in range(20))
    assert best < 15e-6


def _time_of(cost: CompiledStepCost, features: StepFeatures, calls: int = 500) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        cost.seconds(features)
    return (time.perf_counter() - start) / calls
