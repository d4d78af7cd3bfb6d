"""Number formats of measured kernels: the names tools give them, what they are multiplied in, bytes per weight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NumberFormat:
    """``math``: format of the multiply, a key of a data sheet's peaks; ``weight_bytes`` and ``activation_bytes``: bytes
    per element as stored (block scales not counted)."""

    math: str
    weight_bytes: float
    activation_bytes: float


FORMATS: dict[str, NumberFormat] = {
    "fp32": NumberFormat("fp32", 4.0, 4.0),
    "tf32": NumberFormat("tf32", 4.0, 4.0),
    "bf16": NumberFormat("bf16", 2.0, 2.0),
    "fp16": NumberFormat("fp16", 2.0, 2.0),
    "fp8": NumberFormat("fp8", 1.0, 1.0),
    "fp8_block": NumberFormat("fp8", 1.0, 1.0),
    "fp8_ootb": NumberFormat("fp8", 1.0, 1.0),
    "int8": NumberFormat("int8", 1.0, 1.0),
    "int8_wo": NumberFormat("bf16", 1.0, 2.0),
    "int4_wo": NumberFormat("bf16", 0.5, 2.0),
    "int4": NumberFormat("int4", 0.5, 0.5),
    "fp4": NumberFormat("fp4", 0.5, 0.5),
    "nvfp4": NumberFormat("fp4", 0.5, 0.5),
    "w4afp8": NumberFormat("fp8", 0.5, 1.0),
    "w4a16_mxfp4": NumberFormat("bf16", 0.5, 2.0),
    "w4a8_mxfp4_mxfp8": NumberFormat("fp8", 0.5, 1.0),
    "w4a8_nvfp4_fp8": NumberFormat("fp8", 0.5, 1.0),
}
"""The ``dtype`` and ``kv_dtype`` values of the measurement schema. ``_wo``: weights only, activations 16 bit."""

_ALIASES = {
    "bfloat16": "bf16",
    "float16": "fp16",
    "half": "fp16",
    "float32": "fp32",
    "float": "fp32",
    "float8": "fp8",
    "fp8_e4m3": "fp8",
    "fp8_e5m2": "fp8",
    "float8_e4m3fn": "fp8",
    "float8_e5m2": "fp8",
    "e4m3": "fp8",
    "float4": "fp4",
    "mxfp4": "fp4",
    "bf16?": "bf16",
}


def canonical_format(name: str) -> str | None:
    """Our name of a number format as another tool writes it (``torch.bfloat16`` -> ``bf16``); None when unknown."""
    word = name.strip().lower().removeprefix("torch.")
    word = _ALIASES.get(word, word)
    return word if word in FORMATS else None
