"""Work of a layer's attention kernels, from the context statistics of a step.

Two kernels, as engines launch them: one for prefill chunks, one for decoding sequences. New token mixers register with
``prefill_work`` and ``decode_work``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from simulator.models.spec import GQAAttention
from simulator.operators.layout import Layout
from simulator.operators.work import DecodeAttention, PrefillAttention, Sizes, Work


@dataclass(frozen=True)
class PrefillStatistics:
    """The prefill sums of ``StepFeatures`` (``prefill_seqs`` and so on)."""

    sequences: Sizes
    tokens: Sizes
    pairs: Sizes
    kv_tokens: Sizes
    tiles: Sizes


@dataclass(frozen=True)
class DecodeStatistics:
    """The decode sums of ``StepFeatures``."""

    sequences: Sizes
    queries: Sizes
    kv_tokens: Sizes


@singledispatch
def prefill_work(attention: object, layout: Layout, chunks: PrefillStatistics, count: int) -> list[Work]:
    """Attention kernels over the prefill chunks of a step in ``count`` equal layers."""
    raise NotImplementedError(f"no operators are registered for {type(attention).__name__}")


@singledispatch
def decode_work(attention: object, layout: Layout, decodes: DecodeStatistics, count: int) -> list[Work]:
    """Attention kernels over the decoding sequences of a step in ``count`` equal layers."""
    raise NotImplementedError(f"no operators are registered for {type(attention).__name__}")


@prefill_work.register
def _(attention: GQAAttention, layout: Layout, chunks: PrefillStatistics, count: int) -> list[Work]:
    """``F = 4 h d pairs``; Q and O move once, K and V once per chunk (TECHNIQUES equation 6).

    A sliding window W limits the sums to what they could be at most with it: W pairs per query, and W + the chunk's own
    tokens of KV per chunk. That is exact once every chunk stands W or more tokens deep, an upper bound before.
    """
    heads, kv_heads = layout.heads(attention)
    pairs, kv_tokens = chunks.pairs, chunks.kv_tokens
    if attention.sliding_window is not None:
        window = attention.sliding_window
        pairs = np.minimum(pairs, chunks.tokens * float(window))
        kv_tokens = np.minimum(kv_tokens, chunks.tokens + chunks.sequences * float(window))
    wide, cached = layout.dtypes.width("other"), layout.dtypes.width("kv")
    shape = PrefillAttention(
        heads,
        kv_heads,
        attention.head_dim,
        chunks.sequences,
        chunks.tokens,
        pairs,
        kv_tokens,
        chunks.tiles,
        layout.dtypes.other,
        layout.dtypes.kv,
        cached,
    )
    rows = chunks.tokens * heads * attention.head_dim * wide
    return [
        Work(
            "prefill_attention",
            shape,
            count,
            flops=4.0 * heads * attention.head_dim * pairs,
            bytes_read=rows + 2.0 * kv_tokens * kv_heads * attention.head_dim * cached,
            bytes_written=rows,
        )
    ]


@decode_work.register
def _(attention: GQAAttention, layout: Layout, decodes: DecodeStatistics, count: int) -> list[Work]:
    """Each query attends to its sequence's KV; K and V are read once per sequence and KV head.

    FLOPs of verifications (several queries per sequence) use the mean context of the step.
    """
    heads, kv_heads = layout.heads(attention)
    kv_tokens = decodes.kv_tokens
    if attention.sliding_window is not None:
        kv_tokens = np.minimum(kv_tokens, decodes.sequences * float(attention.sliding_window))
    wide, cached = layout.dtypes.width("other"), layout.dtypes.width("kv")
    shape = DecodeAttention(
        heads,
        kv_heads,
        attention.head_dim,
        decodes.sequences,
        decodes.queries,
        kv_tokens,
        layout.dtypes.other,
        layout.dtypes.kv,
        cached,
    )
    rows = decodes.queries * heads * attention.head_dim * wide
    return [
        Work(
            "decode_attention",
            shape,
            count,
            flops=4.0 * heads * attention.head_dim * kv_tokens * (decodes.queries / decodes.sequences),
            bytes_read=rows + 2.0 * kv_tokens * kv_heads * attention.head_dim * cached,
            bytes_written=rows,
        )
    ]
