"""Read the ``quantization_config`` of a config.json: which format, which layers (TECHNIQUES 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from simulator.errors import InputError, did_you_mean
from simulator.models.quantization import LAYER_PARTS, Quantization

Config = Mapping[str, Any]

_SKIP_KEYS = ("modules_to_not_convert", "ignore", "ignored_layers", "exclude_modules")
_PART_MARKS = {
    "attention": ("self_attn", "attention", "linear_attn", "mixer"),
    "ffn": ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "shared_expert", "feed_forward.shared"),
    "experts": ("mlp.experts", "feed_forward.experts", "block_sparse_moe.experts"),
}
"""Words in a skipped module's name that say which group of layers it belongs to."""


def read_quantization(config: Config, *, file: str | Path | None = None) -> Quantization | None:
    """How the checkpoint stores its linear layers; None when it does not say so.

    Raises ``InputError`` for a method this program does not know, or a scheme without its bits.
    """
    section = config.get("quantization_config") or config.get("compression_config")
    if section is None:
        return None
    if not isinstance(section, dict):
        raise InputError("must be an object", file=file, path="quantization_config", value=section)
    method = str(section.get("quant_method", "")).lower()
    if method not in _METHODS:
        raise InputError(
            f"must be one of {', '.join(_METHODS)}",
            file=file,
            path="quantization_config.quant_method",
            value=method or None,
            hint=did_you_mean(method, _METHODS),
        )
    try:
        weights, activations = _METHODS[method](section)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration) as error:
        raise InputError(
            f"does not say what {method} weights look like: {type(error).__name__} {error}",
            file=file,
            path="quantization_config",
        ) from None
    return Quantization(method, weights, activations, _parts(section))


def _parts(section: Config) -> tuple[str, ...]:
    """Groups of layers that are quantised: all but those whose modules are skipped in every layer.

    A module skipped in a single layer (``model.layers.3.self_attn``) leaves its group quantised.
    """
    skipped = [name for key in _SKIP_KEYS for name in section.get(key) or [] if isinstance(name, str)]
    numbered = {name for name in skipped if any(part.isdigit() for part in name.split("."))}
    many = len({part for name in numbered for part in name.split(".") if part.isdigit()}) > 4
    whole = [name for name in skipped if many or name not in numbered]
    return tuple(part for part in LAYER_PARTS if not any(mark in name for name in whole for mark in _PART_MARKS[part]))


def _integer(bits: int, group: int | None, *, symmetric: bool, zero_bits: int | None = None) -> str:
    grouped = f"int{bits}_g{group}" if group and group > 0 else f"int{bits}"
    return grouped if symmetric or not group or group <= 0 else f"{grouped}_zp{zero_bits or bits}"


def _gptq(section: Config) -> tuple[str, str | None]:
    weights = _integer(int(section["bits"]), section.get("group_size", 128), symmetric=bool(section.get("sym", True)))
    return weights, "bf16"


def _awq(section: Config) -> tuple[str, str | None]:
    bits = int(section.get("bits", section.get("w_bit", 4)))
    group = section.get("group_size", section.get("q_group_size", 128))
    return _integer(bits, group, symmetric=not section.get("zero_point", True)), "bf16"


def _fp8(section: Config) -> tuple[str, str | None]:
    block = section.get("weight_block_size")
    return (f"fp8_b{int(block[0])}" if block else "fp8"), "fp8"


def _mxfp4(section: Config) -> tuple[str, str | None]:
    return "mxfp4", "bf16"


def _bitsandbytes(section: Config) -> tuple[str, str | None]:
    # NF4 scales are themselves quantised to 8 bits when bnb_4bit_use_double_quant is set: 4.127 bits with blocks of 64.
    return ("int4_g128" if section.get("load_in_4bit") else "int8"), "bf16"


def _modelopt(section: Config) -> tuple[str, str | None]:
    algorithm = str(section.get("quant_algo", "")).upper()
    known = {"FP8": ("fp8", "fp8"), "NVFP4": ("nvfp4", "fp4")}
    if algorithm in known:
        return known[algorithm]
    return _compressed_tensors(section)


def _compressed_tensors(section: Config) -> tuple[str, str | None]:
    """The first group's scheme stands for all."""
    group = next(iter(section["config_groups"].values()))
    weights, activations = group["weights"], group.get("input_activations")
    bits, kind = int(weights["num_bits"]), str(weights.get("type", "int"))
    if kind == "float" and bits == 4:
        stored = "nvfp4" if int(weights.get("group_size") or 16) == 16 else "mxfp4"
        return stored, "fp4" if activations and int(activations.get("num_bits", 16)) == 4 else "bf16"
    if kind == "float":
        block = weights.get("block_structure")
        return (f"fp8_b{int(block[0])}" if block else "fp8"), "fp8" if activations else "bf16"
    name = _integer(bits, weights.get("group_size"), symmetric=bool(weights.get("symmetric", True)))
    return name, "int8" if activations and int(activations.get("num_bits", 16)) == 8 else "bf16"


_METHODS: dict[str, Callable[[Config], tuple[str, str | None]]] = {
    "gptq": _gptq,
    "awq": _awq,
    "fp8": _fp8,
    "fbgemm_fp8": _fp8,
    "compressed-tensors": _compressed_tensors,
    "mxfp4": _mxfp4,
    "modelopt": _modelopt,
    "bitsandbytes": _bitsandbytes,
}
