"""Weight formats and the effective bits they take (TECHNIQUES 7.1, equation 10).

A format is a name: a plain number format of ``dtypes``, or one of the grouped formats written here, whose scales and
zero points count: ``int4_g128`` (symmetric), ``int4_g128_zp4`` (4-bit zero points, AWQ and asymmetric GPTQ),
``fp8_b128`` (128 x 128 blocks with a 32-bit scale), ``mxfp4``, ``mxfp8``, ``nvfp4``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simulator.errors import InputError, did_you_mean
from simulator.models.dtypes import BYTES_PER_ELEMENT, parse_dtype

LAYER_PARTS = ("attention", "ffn", "experts")
"""Groups of linear layers a checkpoint quantises or leaves alone; ``ffn`` includes shared experts."""

_NAMED_BITS = {
    "mxfp4": 4 + 8 / 32,
    "mxfp8": 8 + 8 / 32,
    "nvfp4": 4 + 8 / 16,
}
"""Payload and scale bits per weight: E8M0 scales per 32 (MX), E4M3 scales per 16 (NVFP4)."""

_INTEGER = re.compile(r"int([2-8])(?:_g(\d+))?(?:_zp(\d+))?")
_BLOCK = re.compile(r"fp8_b(\d+)")
_EXAMPLES = (*BYTES_PER_ELEMENT, *_NAMED_BITS, "int4_g128", "int4_g128_zp4", "fp8_b128")


def effective_bits(bits: float, *, scale_bits: float = 16, zero_bits: float = 0, group_size: float) -> float:
    """Bits a weight takes with its share of scale and zero point, ``bits + (scale + zero) / group``."""
    return bits + (scale_bits + zero_bits) / group_size


def two_of_four_bits(bits: float) -> float:
    """Bits per original weight under 2:4 sparsity: half the values, and a 2-bit index for each that is kept."""
    return (bits + 2) / 2


def bits_per_weight(name: str) -> float:
    """Effective bits of a parsed format. Raises ``InputError`` for a name that is none."""
    if name in BYTES_PER_ELEMENT:
        return 8 * BYTES_PER_ELEMENT[name]
    if name in _NAMED_BITS:
        return _NAMED_BITS[name]
    if block := _BLOCK.fullmatch(name):
        return effective_bits(8, scale_bits=32, group_size=int(block[1]) ** 2)
    if integer := _INTEGER.fullmatch(name):
        bits, group, zero = int(integer[1]), int(integer[2] or 0), int(integer[3] or 0)
        # Without a group the scales are per channel, thousands of weights each: under 0.1 %, not counted.
        return effective_bits(bits, zero_bits=zero, group_size=group) if group else bits
    raise InputError(f"must be one of {', '.join(_EXAMPLES)}", path="dtypes.weights", value=name)


def parse_weight_format(name: str, *, path: str = "dtypes.weights") -> str:
    """The canonical name of a weight format. Raises ``InputError`` at ``path`` for an unknown one."""
    lower = {"int4": "int4_g128", "fp4": "nvfp4", "awq": "int4_g128_zp4", "gptq": "int4_g128"}.get(
        name.lower(), name.lower()
    )
    try:
        bits_per_weight(lower)
    except InputError:
        if "_" not in lower or lower.startswith(("float", "fp8_e")):
            short = _plain(lower)
            if short is not None:
                return short
        raise InputError(
            f"must be one of {', '.join(_EXAMPLES)}", path=path, value=name, hint=did_you_mean(lower, _EXAMPLES)
        ) from None
    except ZeroDivisionError:
        raise InputError("must have a group of at least 1 weight", path=path, value=name) from None
    return lower


def _plain(name: str) -> str | None:
    try:
        return parse_dtype(name)
    except InputError:
        return None


def bytes_per_weight(name: str) -> float:
    """Effective bytes of one weight."""
    return bits_per_weight(name) / 8


@dataclass(frozen=True)
class Quantization:
    """How a checkpoint's linear layers are stored.

    Attributes
    ----------
    method: ``quant_method`` of its config (``gptq``, ``awq``, ``fp8``, ``compressed-tensors``, ``mxfp4``).
    weights: weight format (``bits_per_weight``).
    activations: format the layers multiply in; None = 16 bit, weights are widened on the fly.
    parts: which groups of linear layers it applies to; the others stay in 16 bit.
    """

    method: str
    weights: str
    activations: str | None = None
    parts: tuple[str, ...] = field(default=LAYER_PARTS)
