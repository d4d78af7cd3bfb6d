"""Effective bits, and the quantization_config of checkpoints."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.errors import InputError
from simulator.models.catalog import load_model
from simulator.models.quantization import bits_per_weight, effective_bits, parse_weight_format, two_of_four_bits
from simulator.models.quantization_config import read_quantization


@pytest.mark.parametrize(
    ("name", "bits"),
    [("int4_g128", 4.125), ("int4_g128_zp4", 4.15625), ("int4_g128_zp16", 4.25), ("mxfp4", 4.25), ("nvfp4", 4.5),
     ("mxfp8", 8.25), ("fp8_b128", 8 + 32 / 128**2), ("fp8", 8), ("bf16", 16), ("int3_g64", 3.25)],
)  # fmt: skip
def test_effective_bits(name: str, bits: float) -> None:
    assert bits_per_weight(parse_weight_format(name)) == bits


def test_formulas() -> None:
    assert effective_bits(4, group_size=128) == 4.125
    assert two_of_four_bits(16) == 9


@pytest.mark.parametrize("name", ["int9_g128", "int4_g0x", "fp7", "w4a16", "", "int4_g"])
def test_unknown_formats_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="must be one of"):
        parse_weight_format(name)


def tensors(bits: int, kind: str, activations: bool, **weights: Any) -> dict[str, Any]:
    group = {
        "targets": ["Linear"],
        "weights": {"num_bits": bits, "type": kind, "symmetric": True, **weights},
        "input_activations": {"num_bits": 8, "type": kind} if activations else None,
    }
    return {"quant_method": "compressed-tensors", "config_groups": {"group_0": group}, "ignore": ["lm_head"]}


@pytest.mark.parametrize(
    ("section", "weights", "activations"),
    [
        ({"quant_method": "gptq", "bits": 4, "group_size": 128, "sym": True}, "int4_g128", "bf16"),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, "int8", "bf16"),
        ({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}, "int4_g128_zp4", "bf16"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8_b128", "fp8"),
        ({"quant_method": "fp8"}, "fp8", "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4", "bf16"),
        (tensors(8, "float", True), "fp8", "fp8"),
        (tensors(8, "int", True), "int8", "int8"),
        (tensors(4, "int", False, group_size=128), "int4_g128", "bf16"),
        (tensors(4, "float", False, group_size=16), "nvfp4", "bf16"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4", "fp4"),
    ],
)
def test_methods(section: dict[str, Any], weights: str, activations: str) -> None:
    read = read_quantization({"quantization_config": section})
    assert read is not None
    assert (read.weights, read.activations) == (weights, activations)
    assert read.parts == ("attention", "ffn", "experts")


def test_skipped_modules_stay_wide() -> None:
    scout = load_model("Llama-4-Scout-17B-16E-FP8").quantization
    assert scout is not None
    assert scout.parts == ("ffn", "experts")
    section = {"quant_method": "fp8", "modules_to_not_convert": ["model.layers.3.self_attn.q_proj", "lm_head"]}
    one_layer = read_quantization({"quantization_config": section})
    assert one_layer is not None
    assert "attention" in one_layer.parts


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"quant_method": "gptk"}, "did you mean 'gptq'"),
        ({"bits": 4}, "quantization_config.quant_method: must be one of"),
        ({"quant_method": "gptq"}, "does not say what gptq weights look like"),
        ({"quant_method": "compressed-tensors", "config_groups": {}}, "does not say what"),
        ("fp8", "must be an object"),
    ],
)
def test_mistakes(section: Any, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read_quantization({"quantization_config": section})
    assert expected in str(caught.value)
