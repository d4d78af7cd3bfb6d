"""Work of encoder-decoders: the encoder and the cross keys and values once per admitted request, cross attention in
every step (TECHNIQUES 4.7)."""

from __future__ import annotations

from dataclasses import replace

from simulator.models.attention import CrossAttention
from simulator.models.spec import Encoder, ModelSpec
from simulator.operators.attention import (
    DecodeStatistics,
    PrefillStatistics,
    decode_kernel,
    decode_sequence_work,
    decode_work,
    prefill_kernel,
    prefill_work,
)
from simulator.operators.features import QUERY_TILE
from simulator.operators.layers import attention_linear_work, layer_linear_work
from simulator.operators.layout import Layout
from simulator.operators.linear import all_reduce, linear_work
from simulator.operators.work import Sizes, Work


@attention_linear_work.register
def _(mixer: CrossAttention, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """Q and O over the decoder's rows; K and V are ``admission_work``."""
    query_size = layout.heads(mixer)[0] * mixer.head_dim
    return [
        linear_work("cross_q", tokens, query_size, hidden_size, layout, count, part="attention"),
        linear_work("cross_o", tokens, hidden_size, query_size, layout, count, part="attention"),
        *all_reduce("cross_all_reduce", hidden_size, layout, tokens, count),
    ]


@prefill_work.register
def _(mixer: CrossAttention, layout: Layout, chunks: PrefillStatistics, count: int) -> list[Work]:
    """Every row attends to every encoder position."""
    across = PrefillStatistics(
        chunks.sequences,
        chunks.tokens,
        chunks.tokens * mixer.encoder_tokens,
        chunks.sequences * mixer.encoder_tokens,
        chunks.tiles,
    )
    return [prefill_kernel("prefill_cross_attention", layout.heads(mixer), mixer.head_dim, layout, across, count)]


@decode_work.register
def _(mixer: CrossAttention, layout: Layout, decodes: DecodeStatistics, count: int) -> list[Work]:
    """Nothing depends on the decoder's context."""
    return []


@decode_sequence_work.register
def _(mixer: CrossAttention, layout: Layout, sequences: Sizes, queries: Sizes, count: int) -> list[Work]:
    across = DecodeStatistics(sequences, queries, sequences * mixer.encoder_tokens)
    return [decode_kernel("decode_cross_attention", layout.heads(mixer), mixer.head_dim, layout, across, count)]


def admission_work(model: ModelSpec, layout: Layout, admitted: Sizes) -> list[Work]:
    """What ``admitted`` requests that enter the batch need once: encoder, and cross keys and values of every layer."""
    encoder = model.encoder
    if encoder is None:
        return []
    return [*_encoder_work(encoder, layout, admitted), *_cross_kv_work(model, encoder, layout, admitted)]


def _encoder_work(encoder: Encoder, layout: Layout, admitted: Sizes) -> list[Work]:
    """All layers over all positions, bidirectional: S^2 pairs per request."""
    rows = 1.0 * admitted * encoder.tokens
    tiles = admitted * -(-encoder.tokens // QUERY_TILE)
    whole = PrefillStatistics(admitted, rows, rows * encoder.tokens, rows, tiles)
    layers = {block: encoder.layers.count(block) for block in encoder.layers}
    work: list[Work] = []
    for block, count in layers.items():
        work += layer_linear_work(block, encoder.hidden_size, layout, rows, count)
        work += prefill_work(block.attention, layout, whole, count)
    return [_renamed(item) for item in work]


def _cross_kv_work(model: ModelSpec, encoder: Encoder, layout: Layout, admitted: Sizes) -> list[Work]:
    rows = 1.0 * admitted * encoder.tokens
    return [
        linear_work(
            "cross_kv",
            rows,
            2 * layout.heads(block.cross_attention)[1] * block.cross_attention.head_dim,
            encoder.hidden_size,
            layout,
            count,
            part="attention",
        )
        for block, count in model.layer_groups
        if block.cross_attention is not None
    ]


def _renamed(work: Work) -> Work:
    return replace(work, name=f"encoder_{work.name.removeprefix('prefill_')}")
