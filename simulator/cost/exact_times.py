"""Measured rows over closed form and correction, where a call has exactly a measured shape (layer L3).

An attention call has the shape of a row when all its sequences could be of the row's lengths: the step's statistics are
sums, and these must agree.
"""

from __future__ import annotations

import math
from functools import singledispatch

import numpy as np

from simulator.hardware.exact_rows import ExactRows
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.operators.work import DecodeAttention, Gemm, PrefillAttention, Sizes

PrefillSums = tuple[int, int, int, int]
"""Sequences, new tokens, pairs, KV tokens of a call."""


@singledispatch
def with_exact(shape: object, seconds: Sizes, exact: ExactRows) -> Sizes:
    """``seconds`` of one call, replaced by the measured ones where its shape was measured."""
    return seconds


def is_exact(shape: object, exact: ExactRows | None) -> bool:
    """Whether a call of this shape (plain numbers) was measured."""
    return exact is not None and not math.isnan(float(with_exact(shape, math.nan, exact)))


@with_exact.register
def _(shape: Gemm, seconds: Sizes, exact: ExactRows) -> Sizes:
    if shape.bytes_per_weight != BYTES_PER_ELEMENT.get(shape.math_dtype):
        return seconds  # measured with weights in the format multiplied in
    for (rows,), measured in exact.gemm.get((shape.math_dtype, shape.n, shape.k), {}).items():
        seconds = np.where(shape.m == rows, measured, seconds)
    return seconds


@with_exact.register
def _(shape: PrefillAttention, seconds: Sizes, exact: ExactRows) -> Sizes:
    for (sequences, tokens, pairs, kv_tokens), measured in exact_prefill(shape, exact).items():
        same = (shape.sequences == sequences) & (shape.tokens == tokens) & (shape.pairs == pairs)
        seconds = np.where(same & (shape.kv_tokens == kv_tokens), measured, seconds)
    return seconds


@with_exact.register
def _(shape: DecodeAttention, seconds: Sizes, exact: ExactRows) -> Sizes:
    single = shape.queries == shape.sequences
    for (sequences, kv_tokens), measured in exact_decode(shape, exact).items():
        same = (shape.sequences == sequences) & (shape.kv_tokens == kv_tokens)
        seconds = np.where(single & same, measured, seconds)
    return seconds


def exact_prefill(shape: PrefillAttention, exact: ExactRows | None) -> dict[PrefillSums, float]:
    """Measured seconds of a layer's prefill, by the sums of a call."""
    if exact is None:
        return {}
    rows = exact.prefill.get((shape.kv_dtype, shape.heads, shape.kv_heads, int(shape.head_dim)), {})
    return {
        (batch, batch * new, batch * (new * (kv - new) + new * (new + 1) // 2), batch * kv): seconds
        for (batch, new, kv), seconds in rows.items()
    }


def exact_decode(shape: DecodeAttention, exact: ExactRows | None) -> dict[tuple[int, int], float]:
    """Measured seconds of a layer's decode, by sequences and summed KV tokens; one query for each sequence."""
    if exact is None:
        return {}
    rows = exact.decode.get((shape.kv_dtype, shape.heads, shape.kv_heads, shape.head_dim), {})
    return {(batch, batch * kv): seconds for (batch, kv), seconds in rows.items()}
