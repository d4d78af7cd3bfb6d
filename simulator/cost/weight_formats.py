"""Which constants time a multiply by weights of a given format.

Weights in the format multiplied in are the plain classes' (``gemm``, ``moe``), fp8 ones with scales per block under a
name of their own. Narrower weights of 16-bit multiplies are widened in the kernel (weight-only quantisation: Marlin,
Triton, TensorRT-LLM), which has constants per stored format; where there are none, those of the multiply's format serve
with the bytes of the narrow one, and err more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from simulator.hardware.fits import Fitted, KernelFits, fit_for
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.models.quantization import bytes_per_weight
from simulator.operators.work import Experts, Gemm

_WIDENED_ERROR = 2.0
"""Factor on the errors of constants that serve weight-only multiplies without being fitted to any."""

_FAMILIES = {"mxfp4": "mxfp4", "nvfp4": "mxfp4"}
"""Floating formats of 4 bits -> the one whose weight-only kernels were timed; others go by their width."""

_BLOCKS, _BLOCK_SCALED = "fp8_b", "fp8_block"
"""Weights in fp8 with a scale per block: how the stored format starts, and what tables call it."""

_SAME_WIDTH = {"mxfp4": "int4", "int4": "mxfp4"}

FitT = TypeVar("FitT")


class Timed(NamedTuple):
    """The constants of a multiply, and which they are: ``kernel_class`` a field of ``KernelFits``, ``dtype`` its key.
    ``own``: they were fitted to such calls, so that their correction applies."""

    kernel_class: str
    dtype: str
    fitted: Fitted[Any]
    own: bool


def gemm_timing(shape: Gemm, fits: KernelFits) -> Timed:
    """Constants of a dense multiply."""
    return _timing(shape, "gemm", fits.gemm, "weight_only_gemm", fits.weight_only_gemm)


def moe_timing(shape: Experts, fits: KernelFits) -> Timed:
    """Constants of routed experts."""
    return _timing(shape, "moe", fits.moe, "weight_only_moe", fits.weight_only_moe)


def _timing(
    shape: Gemm | Experts, plain: str, native: Mapping[str, Fitted[FitT]], widened: str,
    narrow: Mapping[str, Fitted[FitT]],
) -> Timed:  # fmt: skip
    stored = weight_only_format(shape)
    if stored is None:
        dtype = _BLOCK_SCALED if shape.weights.startswith(_BLOCKS) and shape.math_dtype == "fp8" else shape.math_dtype
        own = dtype == _BLOCK_SCALED or shape.bytes_per_weight == _timed_bytes(shape.math_dtype)
        return Timed(plain, dtype, fit_for(native, dtype), own)
    for name in (stored, _SAME_WIDTH.get(stored, stored)):
        if name in narrow:
            found = narrow[name]
            if name != stored:
                found = Fitted(found.constants, found.origin.weakened("transferred", name, _WIDENED_ERROR))
            return Timed(widened, name, found, name == stored)
    wide = fit_for(native, shape.math_dtype)
    origin = wide.origin.weakened("transferred", f"{shape.math_dtype} weights", _WIDENED_ERROR)
    return Timed(plain, shape.math_dtype, Fitted(wide.constants, origin), False)


def _timed_bytes(math_dtype: str) -> float | None:
    """Bytes of a weight of the timed multiplies: 4-bit ones are timed with their scales, 9/16 of a byte."""
    return bytes_per_weight("nvfp4") if math_dtype == "fp4" else BYTES_PER_ELEMENT.get(math_dtype)


def weight_only_format(shape: Gemm | Experts) -> str | None:
    """The weight-only format of the tables that stands for a shape's weights; None where the multiply is no 16-bit one,
    or its weights are."""
    if shape.math_dtype not in ("bf16", "fp16") or shape.bytes_per_weight >= 2.0:
        return None
    name = shape.weights.partition("_")[0]
    return _FAMILIES.get(name, "int4" if shape.bytes_per_weight < 1.0 else "int8")
