"""Checkpoints that are no catalog entry but a copy of one: tunes, later dates, quantised versions."""

from __future__ import annotations

import pytest

from simulator.errors import InputError
from simulator.models.catalog import hugging_face_id, load_model


@pytest.mark.parametrize(
    ("checkpoint", "base", "weights", "activations"),
    [
        ("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "Llama-3.1-70B", "fp8", "fp8"),
        ("neuralmagic/Meta-Llama-3.1-405B-Instruct-FP8", "Llama-3.1-405B", "fp8", "fp8"),
        ("amd/Llama-3.3-70B-Instruct-FP8-KV", "Llama-3.1-70B", "fp8", "fp8"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "Llama-3.1-8B", "int4_g128", "bf16"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "Llama-3.1-8B", "int8", "int8"),
        ("Qwen/Qwen3-32B-FP8", "Qwen3-32B", "fp8_b128", "fp8"),
        ("Qwen/Qwen2.5-32B-Instruct-GPTQ-Int4", "Qwen2.5-32B", "int4_g128", "bf16"),
        ("TheBloke/Llama-2-70B-Chat-AWQ", "Llama-2-70B", "int4_g128_zp4", "bf16"),
        ("nvidia/Llama-3.3-70B-Instruct-FP4", "Llama-3.1-70B", "nvfp4", "fp4"),
    ],
)
def test_a_quantised_copy_has_its_models_shape_and_its_names_format(
    checkpoint: str, base: str, weights: str, activations: str
) -> None:
    found, model = load_model(checkpoint), load_model(base)
    assert found.name == checkpoint
    assert (found.layers, found.hidden_size, found.vocab_size) == (model.layers, model.hidden_size, model.vocab_size)
    assert found.quantization is not None
    assert (found.quantization.weights, found.quantization.activations) == (weights, activations)
    assert hugging_face_id(checkpoint) == checkpoint


@pytest.mark.parametrize(
    ("checkpoint", "base"),
    [
        ("mistralai/Mistral-Large-Instruct-2411", "Mistral-Large-123B"),
        ("unsloth/Meta-Llama-3.1-8B-Instruct", "Llama-3.1-8B"),
        ("Qwen/Qwen3-30B-A3B-Thinking-2507", "Qwen3-30B-A3B"),
    ],
)
def test_a_tune_or_a_later_date_is_stored_as_its_model_is(checkpoint: str, base: str) -> None:
    found, model = load_model(checkpoint), load_model(base)
    assert (found.layers, found.quantization) == (model.layers, model.quantization)
    assert checkpoint in found.source


@pytest.mark.parametrize(
    "checkpoint",
    [
        "Qwen/Qwen3-Next-80B-A3B-Instruct",
        "nvidia/Llama-3.1-Nemotron-70B-Instruct",
        "mistralai/Mistral-9B",
        "meta-llama/Llama-3.2-11B-Vision-Instruct",
    ],
)
def test_another_model_is_not_taken_for_a_copy(checkpoint: str) -> None:
    with pytest.raises(InputError, match="no such model"):
        load_model(checkpoint)
