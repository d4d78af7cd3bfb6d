"""The pieces every layer is made of: quantisable linear layers, norms, all-reduces."""

from __future__ import annotations

from simulator.operators.layout import Layout
from simulator.operators.work import Gemm, Sizes, Work, all_reduce_work, gemm_work, stream_work


def linear_work(name: str, rows: Sizes, n: int, k: int, layout: Layout, count: int, *, part: str) -> Work:
    """A linear layer (k to n) of one of the ``LAYER_PARTS``, in that part's weight format."""
    dtypes = layout.dtypes
    math = dtypes.layer_math(part)
    narrow = "other" if part in dtypes.unquantised else "activations"
    stored = dtypes.layer_format(part)
    shape = Gemm(rows, n, k, math, dtypes.layer_weights(part), dtypes.width(narrow), weights=stored)
    return gemm_work(name, shape, count)


def quantise_work(
    name: str, rows: Sizes, k: int, layout: Layout, count: int, *, part: str, producer: str
) -> list[Work]:
    """The pass that makes 8-bit activations of a linear layer's input, ``(rows, k)``: reads 16 bit, writes 8 bit.

    Nothing when the layer takes 16 bit, or when the kernel of its ``producer`` (``QUANTIZED_INPUTS``) writes 8 bit
    itself.
    """
    dtypes = layout.dtypes
    narrow = dtypes.width("other" if part in dtypes.unquantised else "activations")
    wide = dtypes.width("other")
    if narrow >= wide or producer not in layout.separate_quantization:
        return []
    elements = 1.0 * rows * k
    return [stream_work(name, count, flops=2.0 * elements, bytes_read=wide * elements, bytes_written=narrow * elements)]


def norm_work(name: str, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> Work:
    """RMSNorm fused with the residual add: reads input and residual, writes both back."""
    row = hidden_size * layout.dtypes.width("other")
    return stream_work(
        name,
        count,
        flops=5.0 * tokens * hidden_size,
        bytes_read=2.0 * tokens * row + row,
        bytes_written=2.0 * tokens * row,
    )


def all_reduce(name: str, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """The sum over ranks that ends a row-split linear layer; nothing on one rank."""
    world_size = layout.tensor_parallel_size
    if world_size == 1:
        return []
    return [all_reduce_work(name, tokens * hidden_size * layout.dtypes.width("other"), world_size, count)]
