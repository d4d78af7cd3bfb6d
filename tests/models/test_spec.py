"""Shape facts of models against the vectors of the literature."""

from __future__ import annotations

import re

import pytest

from simulator.models.catalog import list_models, load_model
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec, MoEFFN

# Billions of parameters (all, in the layers' matrix multiplies), from the published checkpoints' shapes.
PARAMETERS = {
    "Llama-2-7B": (6.738, 6.476),
    "Llama-2-13B": (13.016, 12.688),
    "Llama-2-70B": (68.977, 68.451),
    "Llama-3-8B": (8.030, 6.979),
    "Llama-3-70B": (70.554, 68.451),
    "Mistral-7B-v0.1": (7.242, 6.979),
}

KV_BYTES = {
    "Llama-2-7B": 524_288,
    "Llama-2-13B": 819_200,
    "Llama-2-70B": 327_680,
    "Llama-3-70B": 327_680,
    "Llama-3-8B": 131_072,
    "Mistral-7B-v0.3": 131_072,
    "Mixtral-8x7B": 131_072,
    "Mistral-7B-v0.1": 131_072,
    "OPT-13B": 819_200,
    "DeepSeek-67B": 389_120,
    "DeepSeek-V2": 69_120,
    "DeepSeek-V3": 70_272,
    "Jamba-v0.1": 16_384,
}


@pytest.mark.parametrize(("name", "billions"), PARAMETERS.items())
def test_parameter_counts(name: str, billions: tuple[float, float]) -> None:
    model = load_model(name)
    assert round(model.parameters / 1e9, 3) == billions[0]
    assert round(model.layer_matmul_parameters / 1e9, 3) == billions[1]


@pytest.mark.parametrize(("name", "nbytes"), KV_BYTES.items())
def test_kv_bytes_per_token(name: str, nbytes: int) -> None:
    assert load_model(name).kv_bytes_per_token("bf16") == nbytes
    assert load_model(name).kv_bytes_per_token("fp8") == nbytes / 2


def test_weight_bytes_follow_the_dtype_map() -> None:
    model = load_model("Llama-3.1-8B")
    whole = model.weight_bytes({"layers": "bf16", "other": "bf16"})
    assert whole == 2 * model.parameters
    assert whole - model.weight_bytes({"layers": "fp8", "other": "bf16"}) == model.layer_matmul_parameters


def test_active_parameters_of_a_mixture() -> None:
    moe = MoEFFN(num_experts=8, experts_per_token=2, intermediate_size=14336)
    assert moe.matmul_parameters(4096) - moe.active_matmul_parameters(4096) == 6 * 3 * 4096 * 14336
    assert load_model("Mixtral-8x7B").active_matmul_parameters / 1e9 == pytest.approx(12.6, abs=0.05)


def test_equal_layers_are_grouped_even_when_they_alternate() -> None:
    one = LayerBlock(GQAAttention(8, 8, 64), DenseFFN(256))
    other = LayerBlock(GQAAttention(8, 8, 64, sliding_window=128), DenseFFN(256))
    model = ModelSpec("mixed", 512, 1000, (one, other, one, other, one))
    assert model.layer_groups == ((one, 3), (other, 2))


def test_latent_attention_cuts_the_cache_by_93_percent() -> None:
    """DeepSeek-V2 (arXiv 2405.04434) states 93.3 % against DeepSeek-67B; it stores 6-bit latents, the other 16-bit keys
    and values: 1 - (69 120 * 6/16) / 389 120."""
    latent, full = load_model("DeepSeek-V2"), load_model("DeepSeek-67B")
    reduction = 1 - latent.kv_bytes_per_token() * 6 / 16 / full.kv_bytes_per_token()
    assert round(100 * reduction, 1) == 93.3


def test_jamba_caches_an_eighth_of_its_layers() -> None:
    """256 Ki tokens: 4 GiB against Mixtral's 32 GiB (Jamba, arXiv 2403.19887)."""
    assert 2**18 * load_model("Jamba-v0.1").kv_bytes_per_token() == 4 * 2**30
    assert 2**18 * load_model("Mixtral-8x7B").kv_bytes_per_token() == 32 * 2**30


def test_state_does_not_grow_with_the_context() -> None:
    """Mamba-2.8B: 64 layers of 5120 channels, 16 state elements and 3 convolution inputs each, 2 bytes."""
    mamba = load_model("Mamba-2.8B")
    assert mamba.kv_bytes_per_token() == 0
    assert mamba.state_bytes_per_sequence() == 64 * 5120 * (16 + 3) * 2


def test_cross_attention_keeps_the_encoder_once() -> None:
    """Whisper-large-v3: keys and values of 1500 positions in 32 layers of 1280, 2 bytes."""
    whisper = load_model("Whisper-large-v3")
    assert whisper.state_bytes_per_sequence() == 2 * 32 * 1280 * 1500 * 2
    assert whisper.kv_bytes_per_token() == 2 * 32 * 1280 * 2


def test_windows_bound_the_cache_of_local_layers() -> None:
    """gpt-oss: every other layer keeps 128 tokens."""
    model = load_model("gpt-oss-20b")
    one = 2 * 8 * 64 * 2
    assert model.kv_bytes(100_000) == 12 * one * 100_000 + 12 * one * 128
    assert model.kv_bytes(100) == 100 * model.kv_bytes_per_token()


def test_shared_keys_and_values_are_neither_projected_nor_cached() -> None:
    own, shared = GQAAttention(32, 8, 128), GQAAttention(32, 8, 128, kv_shared=True)
    assert own.matmul_parameters(4096) - shared.matmul_parameters(4096) == 4096 * 2 * 8 * 128
    assert (own.kv_elements_per_token(), shared.kv_elements_per_token()) == (2048, 0)


NAMED_OTHERWISE = ("Gemma-2-2B", "Llama-4-Maverick-17B-128E", "Llama-4-Scout-17B-16E", "Llama-4-Scout-17B-16E-FP8")
"""Rounded down by Google; the active parameters of Llama 4."""


def test_catalog_is_large() -> None:
    assert len(list_models()) >= 50


@pytest.mark.parametrize("name", list_models())
def test_every_catalog_entry(name: str) -> None:
    model = load_model(name)
    assert model.source
    assert model.as_of
    assert model.num_layers == sum(count for _, count in model.layer_groups)
    assert model.layer_matmul_parameters < model.parameters
    assert model.active_matmul_parameters <= model.layer_matmul_parameters
    assert model.kv_bytes_per_token() + model.state_bytes_per_sequence() > 0
    # Most names state the size in billions; the count must agree with it (vendors round by up to a quarter).
    if name in NAMED_OTHERWISE:
        return
    stated = re.search(r"-(\d+(?:\.\d+)?)B(?:-|$)", name)
    if stated and "x" not in name:
        assert model.parameters / 1e9 == pytest.approx(float(stated[1]), rel=0.25)
