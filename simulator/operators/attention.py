"""Work of a layer's attention kernels, from the context statistics of a step.

Two kernels: one for prefill chunks, one for decoding sequences; libraries that run both in one call are the business of
``simulator.cost.mixed_attention``. New token mixers register with
``prefill_work`` and ``decode_work``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np

from simulator.models.attention import GQAAttention
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


@singledispatch
def decode_sequence_work(attention: object, layout: Layout, sequences: Sizes, queries: Sizes, count: int) -> list[Work]:
    """Kernels of decoding sequences whose work follows their number alone, not their context: state updates, fixed
    projections, cross attention. Most mixers have none."""
    return []


@prefill_work.register
def _(attention: GQAAttention, layout: Layout, chunks: PrefillStatistics, count: int) -> list[Work]:
    """A sliding window W limits the sums to what they could be at most with it: W pairs per query, and W + the chunk's
    own tokens of KV per chunk. That is exact once every chunk stands W or more tokens deep, an upper bound before.
    """
    if attention.sliding_window is not None:
        window = float(attention.sliding_window)
        pairs = np.minimum(chunks.pairs, chunks.tokens * window)
        kv_tokens = np.minimum(chunks.kv_tokens, chunks.tokens + chunks.sequences * window)
        chunks = replace(chunks, pairs=pairs, kv_tokens=kv_tokens)
    return [prefill_kernel("prefill_attention", layout.heads(attention), attention.head_dim, layout, chunks, count)]


@decode_work.register
def _(attention: GQAAttention, layout: Layout, decodes: DecodeStatistics, count: int) -> list[Work]:
    if attention.sliding_window is not None:
        kv_tokens = np.minimum(decodes.kv_tokens, decodes.sequences * float(attention.sliding_window))
        decodes = replace(decodes, kv_tokens=kv_tokens)
    return [decode_kernel("decode_attention", layout.heads(attention), attention.head_dim, layout, decodes, count)]


def prefill_kernel(
    name: str, heads: tuple[int, int], head_dim: int, layout: Layout, chunks: PrefillStatistics, count: int
) -> Work:
    """One attention call over chunks, ``heads`` = (query heads, KV heads) of the rank.

    ``F = 4 h d pairs``; Q and O move once, K and V once per chunk (TECHNIQUES equation 6).
    """
    query_heads, kv_heads = heads
    cached = layout.dtypes.width("kv")
    shape = PrefillAttention(
        query_heads,
        kv_heads,
        head_dim,
        chunks.sequences,
        chunks.tokens,
        chunks.pairs,
        chunks.kv_tokens,
        chunks.tiles,
        layout.dtypes.other,
        layout.dtypes.kv,
        cached,
    )
    rows = chunks.tokens * query_heads * head_dim * layout.dtypes.width("other")
    return Work(
        name,
        shape,
        count,
        flops=4.0 * query_heads * head_dim * chunks.pairs,
        bytes_read=rows + 2.0 * chunks.kv_tokens * kv_heads * head_dim * cached,
        bytes_written=rows,
    )


def decode_kernel(
    name: str, heads: tuple[int, int], head_dim: int, layout: Layout, decodes: DecodeStatistics, count: int
) -> Work:
    """One attention call over decoding sequences, ``heads`` = (query heads, KV heads) of the rank.

    Each query attends to its sequence's KV; K and V are read once per sequence and KV head. FLOPs of verifications
    (several queries per sequence) use the mean context of the step.
    """
    query_heads, kv_heads = heads
    cached = layout.dtypes.width("kv")
    shape = DecodeAttention(
        query_heads,
        kv_heads,
        head_dim,
        decodes.sequences,
        decodes.queries,
        decodes.kv_tokens,
        layout.dtypes.other,
        layout.dtypes.kv,
        cached,
    )
    rows = decodes.queries * query_heads * head_dim * layout.dtypes.width("other")
    return Work(
        name,
        shape,
        count,
        flops=4.0 * query_heads * head_dim * decodes.kv_tokens * (decodes.queries / decodes.sequences),
        bytes_read=rows + 2.0 * decodes.kv_tokens * kv_heads * head_dim * cached,
        bytes_written=rows,
    )
