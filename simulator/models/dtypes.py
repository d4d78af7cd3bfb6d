"""Number formats: bytes per element and which math rate they run at."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.errors import InputError, did_you_mean

BYTES_PER_ELEMENT: dict[str, float] = {
    "fp32": 4,
    "bf16": 2,
    "fp16": 2,
    "fp8": 1,
    "int8": 1,
    "fp4": 0.5,
}
"""Bytes of one element. Scales of 8-bit tensors (one float per channel or tensor, < 0.1 %) are not counted. ``fp4`` is
what 4-bit multipliers take (NVFP4 and MXFP4 activations); the weight formats, with their scales, stand in
``quantization``."""

_SPELLINGS = {
    "float32": "fp32",
    "bfloat16": "bf16",
    "float16": "fp16",
    "half": "fp16",
    "fp8_e4m3": "fp8",
    "fp8_e5m2": "fp8",
    "float8_e4m3fn": "fp8",
    "float8": "fp8",
    "mxfp8": "fp8",
    "nvfp4": "fp4",
    "mxfp4": "fp4",
}


def parse_dtype(name: str, *, allowed: Iterable[str] = BYTES_PER_ELEMENT, path: str = "dtype") -> str:
    """The short name of a number format (``bfloat16`` -> ``bf16``).

    Raises ``InputError`` at the dotted ``path`` when the format is unknown or not among ``allowed``.
    """
    short = _SPELLINGS.get(name.lower(), name.lower())
    choices = list(allowed)
    if short not in choices:
        raise InputError(
            f"must be one of {', '.join(choices)}", path=path, value=name, hint=did_you_mean(name, choices)
        )
    return short
