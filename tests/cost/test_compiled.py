"""The compiled step cost is the readable one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import ReadableStepCost
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes

_FULL = LayerBlock(GQAAttention(16, 4, 128), DenseFFN(4096))
_LOCAL = LayerBlock(GQAAttention(16, 4, 64, sliding_window=512), DenseFFN(4096))

DEPLOYMENTS = {
    "dense": Deployment.of("Llama-3.1-8B", "h100", top_p_sampling=True),
    "tensor parallel": Deployment.of("Llama-2-70B", "a100", tensor_parallel_size=4),
    "mixture, fp8": Deployment.of("Mixtral-8x7B", "h200", tensor_parallel_size=2, dtypes=Dtypes.of("fp8", kv="fp8")),
    "no switch": Deployment.of("Qwen2.5-7B", "l40s", tensor_parallel_size=2),
    "mesh": Deployment.of("Llama-3.1-70B", "mi300x", tensor_parallel_size=8),
    "torus": Deployment.of("Llama-3.1-8B", "v6e", tensor_parallel_size=8),
    "windows": Deployment.of(ModelSpec("mixed", 2048, 32000, (_FULL, _LOCAL) * 6), "b200"),
    "latent": Deployment.of("DeepSeek-V2-Lite", "h100"),
    "latent, tensor parallel, fp8": Deployment.of("DeepSeek-V3", "h200", tensor_parallel_size=8),
    "hybrid": Deployment.of("Jamba-v0.1", "h100", tensor_parallel_size=2),
    "state space": Deployment.of("Mamba-2.8B", "a100"),
    "encoder-decoder": Deployment.of("Whisper-large-v3", "h100"),
    "windows and mxfp4": Deployment.of("gpt-oss-20b", "h100"),
    "recurrent": Deployment.of("RWKV-4-7B", "l40s"),
    "launch floor": Deployment.of("Llama-2-7B", "a100", engine="vllm-0.2"),
    "static context": Deployment.of(
        "Llama-3-8B", "trainium1", tensor_parallel_size=16, engine="transformers-neuronx", context_tokens=6000
    ),
    "passes of quantisation": Deployment.of("Llama-3.1-8B", "h100", dtypes=Dtypes.of("fp8"), engine="vllm-0.8"),
}
COSTS = {
    name: (CompiledStepCost(d, max_num_batched_tokens=512), ReadableStepCost(d)) for name, d in DEPLOYMENTS.items()
}


@st.composite
def steps(draw: st.DrawFn) -> StepFeatures:
    """Steps an engine could plan: decodes with or without drafts, chunks on cached context."""
    features = StepFeatures()
    for _ in range(draw(st.integers(0, 3))):
        new, cached = draw(st.integers(1, 700)), draw(st.integers(0, 5000))
        features.add_chunk(new, cached)
    decoding = draw(st.integers(0, 300))
    drafts = draw(st.integers(0, 4))
    features.decode_seqs = decoding
    features.decode_queries = decoding * (1 + drafts)
    features.decode_kv = decoding * draw(st.integers(2, 8000))
    features.tokens = features.prefill_tokens + features.decode_queries
    features.sampled = features.decode_queries + draw(st.integers(0, features.prefill_seqs))
    features.admitted = draw(st.integers(0, features.prefill_seqs))
    return features


@pytest.mark.parametrize("name", COSTS)
@settings(max_examples=40, deadline=None)
@given(features=steps())
def test_compiled_equals_readable(name: str, features: StepFeatures) -> None:
    compiled, readable = COSTS[name]
    seconds = compiled.seconds(features)
    assert type(seconds) is float
    assert seconds == pytest.approx(readable.seconds(features), rel=1e-12, abs=0)


@pytest.mark.parametrize("name", COSTS)
def test_breakdown_adds_up(name: str) -> None:
    _, readable = COSTS[name]
    features = StepFeatures(tokens=40, sampled=40, decode_seqs=40, decode_queries=40, decode_kv=40_000)
    rows = readable.breakdown(features)
    assert sum(row.seconds for row in rows) == readable.seconds(features)
    assert all(row.seconds > 0 for row in rows)
    assert all(row.roofline is None or row.roofline < 1.1 for row in rows)


def test_a_larger_step_than_the_table_grows_it() -> None:
    deployment = DEPLOYMENTS["dense"]
    small = CompiledStepCost(deployment, max_num_batched_tokens=16)
    large = CompiledStepCost(deployment, max_num_batched_tokens=4096)
    features = StepFeatures(tokens=3000)
    features.add_chunk(3000, 0)
    assert small.seconds(features) == large.seconds(features)


def test_an_empty_step_takes_no_time() -> None:
    for costs in COSTS.values():
        assert [cost.seconds(StepFeatures()) for cost in costs] == [0.0, 0.0]


def test_tables_are_built_quickly_and_read_in_a_microsecond() -> None:
    start = time.perf_counter()
    cost = CompiledStepCost(DEPLOYMENTS["tensor parallel"], max_num_batched_tokens=8192)
    assert time.perf_counter() - start < 0.3
    features = StepFeatures(tokens=64, sampled=64, decode_seqs=64, decode_queries=64, decode_kv=64_000)
    best = min(_time_of(cost, features) for _ in range(20))
    assert best < 1e-6


def _time_of(cost: CompiledStepCost, features: StepFeatures, calls: int = 2000) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        cost.seconds(features)
    return (time.perf_counter() - start) / calls
