"""Residuals in the cost path: compiled equals readable, times rise with the work, the tag says who speaks."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.corrections import Corrections
from simulator.cost.deployment import Deployment
from simulator.cost.factor_grid import FactorGrid, half_octaves, octaves
from simulator.cost.plain_factors import DecodePieces, PrefillFactors
from simulator.cost.step_cost import ReadableStepCost
from simulator.hardware.origin import ErrorStatement
from simulator.hardware.residuals import Residual
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes
from tests.cost.made_up_residuals import corrected
from tests.cost.test_compiled import steps

_FULL = LayerBlock(GQAAttention(16, 4, 128), DenseFFN(4096))
_LOCAL = LayerBlock(GQAAttention(16, 4, 64, sliding_window=512), DenseFFN(4096))

SHIPPED = {
    "dense": Deployment.of("Llama-3.1-8B", "h100", top_p_sampling=True),
    "tensor parallel": Deployment.of("Llama-2-70B", "a100", tensor_parallel_size=4),
    "mixture, fp8": Deployment.of("Mixtral-8x7B", "h200", tensor_parallel_size=2, dtypes=Dtypes.of("fp8", kv="fp8")),
    "windows": Deployment.of(ModelSpec("mixed", 2048, 32000, (_FULL, _LOCAL) * 6), "b200"),
    "latent": Deployment.of("DeepSeek-V2-Lite", "h100"),
    "weight-only": Deployment.of("Llama-3.1-8B", "a100", dtypes=Dtypes.of("int4")),
    "weight-only experts": Deployment.of("gpt-oss-20b", "h100"),
    "hybrid": Deployment.of("Jamba-v0.1", "h100", tensor_parallel_size=2),
    "encoder-decoder": Deployment.of("Whisper-large-v3", "h100"),
}
DEPLOYMENTS = {name: replace(d, fits=replace(d.fits, residuals={})) for name, d in SHIPPED.items()}
"""The closed forms alone, so that the corrections made up below are the only ones."""
CORRECTED = {name: corrected(deployment) for name, deployment in DEPLOYMENTS.items()}
COSTS = {name: (CompiledStepCost(d, max_num_batched_tokens=512), ReadableStepCost(d)) for name, d in CORRECTED.items()}
DENSE = COSTS["dense"][0]


def decode(batch: int, context: int) -> StepFeatures:
    return StepFeatures(tokens=batch, sampled=batch, decode_seqs=batch, decode_queries=batch, decode_kv=batch * context)


@pytest.mark.parametrize("name", COSTS)
@settings(max_examples=25, deadline=None)
@given(features=steps())
def test_compiled_equals_readable(name: str, features: StepFeatures) -> None:
    compiled, readable = COSTS[name]
    assert compiled.seconds(features) == pytest.approx(readable.seconds(features), rel=1e-12, abs=0)


@pytest.mark.parametrize("name", SHIPPED)
@settings(max_examples=10, deadline=None)
@given(features=steps())
def test_compiled_equals_readable_with_the_shipped_corrections(name: str, features: StepFeatures) -> None:
    compiled = CompiledStepCost(SHIPPED[name], max_num_batched_tokens=64)
    readable = ReadableStepCost(SHIPPED[name])
    assert compiled.seconds(features) == pytest.approx(readable.seconds(features), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    "name", ["dense", "tensor parallel", "mixture, fp8", "latent", "weight-only", "encoder-decoder"]
)
def test_corrections_change_times_within_their_clip(name: str) -> None:
    bare = DEPLOYMENTS[name]
    plain, readable = ReadableStepCost(replace(bare, fits=replace(bare.fits, residuals={}))), COSTS[name][1]
    features = decode(48, 900)
    pairs = [
        (row.name, row.seconds / old.seconds)
        for row, old in zip(readable.breakdown(features), plain.breakdown(features), strict=True)
    ]
    changed = [ratio for _, ratio in pairs if ratio != 1.0]
    assert len(changed) >= 4
    assert all(np.exp(-0.41) < ratio < np.exp(0.41) for ratio in changed)


@settings(max_examples=150, deadline=None)
@given(batch=st.integers(1, 500), context=st.integers(1, 40_000), more=st.integers(1, 3000))
def test_more_context_never_takes_less_time(batch: int, context: int, more: int) -> None:
    longer, shorter = DENSE.seconds(decode(batch, context + more)), DENSE.seconds(decode(batch, context))
    assert longer >= shorter * (1 - 1e-12)


def test_a_residual_that_falls_steeply_does_not_make_times_fall() -> None:
    """One bump of factor 1.5 at 2^9 tokens: uncorrected by ``held``, times beyond it would drop by a third."""
    bump = Residual(np.array([[4.0, 9.0, 5.0, 3.0, 7.0]]), np.array([0.4]), np.full(5, 0.8), clip=0.5)
    base = DEPLOYMENTS["dense"]
    fits = replace(base.fits, residuals={("decode_attention", "bf16"): bump})
    cost, plain = CompiledStepCost(replace(base, fits=fits)), CompiledStepCost(base)
    times = [cost.seconds(decode(16, context)) for context in range(64, 4096, 16)]
    assert np.all(np.diff(times) >= -1e-15)
    ratios = [cost.seconds(decode(16, c)) / plain.seconds(decode(16, c)) for c in (512, 16384)]
    assert ratios[0] > 1.02
    assert ratios[1] == pytest.approx(1.0, abs=2e-3)


def test_far_from_every_centre_the_closed_form_speaks_alone() -> None:
    far = Residual(np.array([[30.0, 30.0, 30.0]]), np.array([0.4]), np.ones(3), clip=0.5)
    base = DEPLOYMENTS["dense"]
    cost = CompiledStepCost(replace(base, fits=replace(base.fits, residuals={("gemm", "bf16"): far})))
    assert cost.seconds(decode(16, 100)) == pytest.approx(CompiledStepCost(base).seconds(decode(16, 100)), rel=1e-9)


def test_larger_gemms_take_no_less_time_at_powers_of_two() -> None:
    _, readable = COSTS["dense"]
    seconds = {
        rows: {row.name: row.seconds for row in readable.breakdown(StepFeatures(tokens=rows))}
        for rows in (2**i for i in range(14))
    }
    for name in ("qkv", "o_proj", "gate_up", "down"):
        times = [by_name[name] for by_name in seconds.values()]
        assert np.all(np.diff(times) >= -1e-15), name


def test_sixteen_bit_corrections_say_nothing_about_weights_widened_in_the_kernel() -> None:
    """Without constants of its own a weight-only multiply takes those of 16 bit, bare."""
    found = Deployment.of("Llama-3.1-8B", "a100", dtypes=Dtypes.of("int8", activations="bf16"))
    weights_only = replace(found, fits=replace(found.fits, weight_only_gemm={}, residuals={}))
    features = StepFeatures(tokens=64)
    plain, fitted = (ReadableStepCost(d).breakdown(features) for d in (weights_only, corrected(weights_only)))
    assert [row.seconds for row in plain] == [row.seconds for row in fitted]
    assert {row.provenance for row in plain if row.name in ("qkv", "gate_up", "down")} == {"transferred"}


def test_the_tag_says_which_layer_speaks_and_its_error() -> None:
    """A correction has its own held-out error near its centres; elsewhere that of the closed form holds."""
    base = DEPLOYMENTS["dense"]
    stated = ErrorStatement(0.02, 0.06, band=(0.95, 1.04))
    gemm = base.fits.gemm["bf16"]
    fits = replace(base.fits, gemm={"bf16": replace(gemm, origin=replace(gemm.origin, residual=stated))})
    at_qkv = Residual(np.log2([[64.0, 6144.0, 4096.0]]), np.array([0.1]), np.ones(3), clip=0.5)
    deployment = replace(base, fits=replace(fits, residuals={("gemm", "bf16"): at_qkv}))
    rows = {row.name: row for row in ReadableStepCost(deployment).breakdown(decode(64, 1000))}
    assert (rows["qkv"].origin.layer, rows["qkv"].origin.median_error, rows["qkv"].factors) == (
        "L2",
        0.02,
        (0.95, 1.04),
    )
    assert (rows["down"].origin.layer, rows["down"].origin.median_error) == ("L1", gemm.origin.median_error)
    assert rows["attention_norm"].origin.layer == "L0"


def test_the_grid_gives_the_residual_at_its_knots_and_is_continuous() -> None:
    axes = (octaves(4), octaves(5))
    values = np.random.default_rng(0).uniform(0.5, 1.5, (5, 6))
    grid = FactorGrid(axes, values)
    assert grid.at(axes[0][:, None], axes[1]) == pytest.approx(values, rel=1e-15)
    assert grid.at(4 * (1 - 1e-12), 8 * (1 - 1e-12)) == pytest.approx(grid.at(4.0, 8.0), rel=1e-10)
    assert grid.at(6.0, 8.0) == pytest.approx((values[2, 3] + values[3, 3]) / 2)
    assert grid.at(1e9, 1e9) == values[-1, -1]


@settings(max_examples=100, deadline=None)
@given(sequences=st.integers(1, 3000), tokens=st.integers(1, 200_000), cached=st.integers(0, 10**6))
def test_plain_prefill_factors_are_those_of_the_grid(sequences: int, tokens: int, cached: int) -> None:
    axes = (octaves(10), octaves(17), octaves(12))
    grid = FactorGrid(axes, np.random.default_rng(1).uniform(0.5, 1.5, (11, 18, 13)))
    new, kv = sequences * tokens, sequences * tokens + cached
    expected = grid.at(sequences, new / sequences, kv / new)
    assert PrefillFactors(grid).at(sequences, new, kv) == pytest.approx(float(expected), rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(sequences=st.integers(1, 10_000), kv=st.integers(1, 10**7))
def test_decode_pieces_are_those_of_the_grid(sequences: int, kv: int) -> None:
    axes = (half_octaves(13), half_octaves(21))
    grid = FactorGrid(axes, np.random.default_rng(2).uniform(0.5, 1.5, (27, 43)))
    mean = max(1.0, kv / sequences)
    assert DecodePieces(grid).at(sequences, mean) == pytest.approx(float(grid.at(sequences, mean)), rel=1e-12)


def test_tables_with_corrections_are_built_and_read_quickly() -> None:
    deployment = corrected(DEPLOYMENTS["tensor parallel"], centres=400)
    start = time.process_time()
    cost = CompiledStepCost(deployment, max_num_batched_tokens=8192)
    assert time.process_time() - start < 1.0
    features = decode(64, 1000)
    prompt = StepFeatures(tokens=1000, sampled=1)
    prompt.add_chunk(700, 0)
    prompt.add_chunk(300, 500)
    assert _seconds_of(cost, features) < 1e-6
    assert _seconds_of(cost, prompt) < 15e-6


def _seconds_of(cost: CompiledStepCost, features: StepFeatures, calls: int = 2000) -> float:
    """CPU seconds of one reading, the best of several."""
    best = float("inf")
    for _ in range(10):
        start = time.process_time()
        for _ in range(calls):
            cost.seconds(features)
        best = min(best, (time.process_time() - start) / calls)
    return best


@pytest.mark.parametrize("sequences", [4, 16, 64])
def test_more_kv_heads_than_were_timed_count_as_more_sequences(sequences: int) -> None:
    """32 KV heads of a multi-head layer are the attention units of four times as many sequences with 8."""
    hardware, fits = SHIPPED["dense"].hardware, SHIPPED["dense"].fits
    corrections = Corrections(fits.residuals)
    factors = []
    for kv_heads, batch in ((32, sequences), (8, 4 * sequences)):
        constants = fits.decode_attention["bf16"].constants
        form = DecodeAttentionForm(
            constants, hardware, heads=kv_heads, kv_heads=kv_heads, head_dim=128, bytes_per_kv=2.0
        )
        grid = corrections.decode("bf16", kv_heads, kv_heads, 128, form)
        assert grid is not None
        factors.append(grid.at(batch, 1024))
    assert factors[0] == pytest.approx(factors[1], rel=1e-12)
    assert factors[0] != pytest.approx(1.0, abs=0.01)
