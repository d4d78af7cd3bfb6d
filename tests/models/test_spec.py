"""Shape facts of models against the vectors of the literature."""

from __future__ import annotations

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
}

KV_BYTES = {
    "Llama-2-7B": 524_288,
    "Llama-2-13B": 819_200,
    "Llama-2-70B": 327_680,
    "Llama-3-70B": 327_680,
    "Llama-3-8B": 131_072,
    "Mistral-7B-v0.3": 131_072,
    "Mixtral-8x7B": 131_072,
}


@pytest.mark.parametrize(("name", "billions"), PARAMETERS.items())
def test_parameter_counts(name: str, billions: tuple[float, float]) -> None:
    model = load_model(name)
    assert round(model.parameters / 1e9, 3) == billions[0]
    assert round(model.layer_matmul_parameters / 1e9, 3) == billions[1]


def test_parameter_count_of_mistral_7b_with_its_first_vocabulary() -> None:
    block = LayerBlock(GQAAttention(32, 8, 128), DenseFFN(14336))
    model = ModelSpec("Mistral-7B-v0.1", 4096, 32000, (block,) * 32)
    assert round(model.parameters / 1e9, 3) == 7.242
    assert round(model.layer_matmul_parameters / 1e9, 3) == 6.979


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


@pytest.mark.parametrize("name", list_models())
def test_every_catalog_entry(name: str) -> None:
    model = load_model(name)
    assert model.source
    assert model.as_of
    assert model.num_layers == sum(count for _, count in model.layer_groups)
    for block, _ in model.layer_groups:
        assert block.attention.num_heads % block.attention.num_kv_heads == 0
    # The name states the size in billions (Mixtral's 8x7B is 46.7): the count must agree with it.
    stated = {"Mixtral-8x7B": 46.7}.get(name) or float(name.split("B")[0].split("-")[-1])
    assert model.parameters / 1e9 == pytest.approx(stated, rel=0.18)
