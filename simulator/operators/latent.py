"""Work of multi-head latent attention (TECHNIQUES 4.3; DeepSeek-V2, arXiv 2405.04434).

Decode runs absorbed: queries are taken into the latent space and attend to it as one KV head, so that a step reads
only the latent. Prefill expands the latent of every attended token to full heads first, as vLLM does.
"""

from __future__ import annotations

from simulator.models.attention import MLAAttention
from simulator.operators.attention import (
    DecodeStatistics,
    PrefillStatistics,
    decode_sequence_work,
    decode_work,
    prefill_work,
)
from simulator.operators.layers import attention_linear_work
from simulator.operators.layout import Layout
from simulator.operators.linear import all_reduce, linear_work
from simulator.operators.work import HeadMatmul, LatentDecode, LatentPrefill, Sizes, Work, stream_work


@attention_linear_work.register
def _(mixer: MLAAttention, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """Bottleneck projections and their norms (whole on every rank), query heads, rotary embedding and latent write,
    output."""
    heads = layout.shard(mixer.num_heads)
    wide, cached = layout.dtypes.width("other"), layout.dtypes.width("kv")
    rotated = (heads + 1) * mixer.qk_rope_head_dim
    down = mixer.latent_size + (mixer.q_lora_rank or 0)
    return [
        linear_work("qkv_down", tokens, down, hidden_size, layout, count, part="attention"),
        stream_work(
            "latent_norms",
            count,
            flops=4.0 * tokens * down,
            bytes_read=tokens * down * wide,
            bytes_written=tokens * down * wide,
        ),
        linear_work(
            "q_up", tokens, heads * mixer.qk_head_dim, mixer.q_lora_rank or hidden_size, layout, count, part="attention"
        ),
        stream_work(
            "rope_kv_write",
            count,
            flops=3.0 * tokens * rotated,
            bytes_read=tokens * (rotated + mixer.kv_lora_rank) * wide,
            bytes_written=tokens * rotated * wide + tokens * mixer.latent_size * cached,
        ),
        linear_work("o_proj", tokens, hidden_size, heads * mixer.v_head_dim, layout, count, part="attention"),
        *all_reduce("attention_all_reduce", hidden_size, layout, tokens, count),
    ]


def _expansion(mixer: MLAAttention, layout: Layout, rows: Sizes, count: int) -> Work:
    """Latents through their up-projection, to keys and values of every head."""
    columns = layout.shard(mixer.num_heads) * (mixer.qk_nope_head_dim + mixer.v_head_dim)
    return linear_work("kv_up", rows, columns, mixer.kv_lora_rank, layout, count, part="attention")


def _absorbed(name: str, mixer: MLAAttention, layout: Layout, rows: Sizes, n: int, k: int, count: int) -> Work:
    """Rows of each head through its own part of the up-projection, which vLLM keeps in 16 bit for this."""
    heads, wide = layout.shard(mixer.num_heads), layout.dtypes.width("other")
    shape = HeadMatmul(rows, n, k, heads, layout.dtypes.other, wide)
    return Work(
        name,
        shape,
        count,
        flops=2.0 * heads * rows * n * k,
        bytes_read=wide * heads * (rows * k + 1.0 * n * k),
        bytes_written=wide * heads * rows * n,
    )


@prefill_work.register
def _(mixer: MLAAttention, layout: Layout, chunks: PrefillStatistics, count: int) -> list[Work]:
    """Expansion of every attended latent, then attention with ``2 h (d_qk + d_v)`` FLOPs per pair."""
    heads, wide = layout.shard(mixer.num_heads), layout.dtypes.width("other")
    mean_head = (mixer.qk_head_dim + mixer.v_head_dim) / 2
    shape = LatentPrefill(
        heads,
        heads,
        mean_head,
        chunks.sequences,
        chunks.tokens,
        chunks.pairs,
        chunks.kv_tokens,
        chunks.tiles,
        layout.dtypes.other,
        layout.dtypes.other,
        wide,
    )
    attention = Work(
        "prefill_attention",
        shape,
        count,
        flops=4.0 * heads * mean_head * chunks.pairs,
        bytes_read=(chunks.tokens * heads * mixer.qk_head_dim + 2.0 * chunks.kv_tokens * heads * mean_head) * wide,
        bytes_written=chunks.tokens * heads * mixer.v_head_dim * wide,
    )
    return [_expansion(mixer, layout, 1.0 * chunks.kv_tokens, count), attention]


@decode_sequence_work.register
def _(mixer: MLAAttention, layout: Layout, sequences: Sizes, queries: Sizes, count: int) -> list[Work]:
    """Queries into the latent, put together with their rotary part before decode attention; outputs out of it after."""
    latent = mixer.kv_lora_rank
    joined = queries * layout.shard(mixer.num_heads) * mixer.latent_size * layout.dtypes.width("other")
    return [
        _absorbed("k_up_absorbed", mixer, layout, queries, latent, mixer.qk_nope_head_dim, count),
        stream_work("query_concat", count, flops=0.0 * queries, bytes_read=joined, bytes_written=joined),
        _absorbed("v_up_absorbed", mixer, layout, queries, mixer.v_head_dim, latent, count),
    ]


@decode_work.register
def _(mixer: MLAAttention, layout: Layout, decodes: DecodeStatistics, count: int) -> list[Work]:
    """``F = 2 h c (2 d_c + d_r)`` per query; the latent is read once per sequence, not per head."""
    heads, wide = layout.shard(mixer.num_heads), layout.dtypes.width("other")
    shape = LatentDecode(
        heads,
        mixer.kv_lora_rank,
        mixer.qk_rope_head_dim,
        decodes.sequences,
        decodes.queries,
        decodes.kv_tokens,
        layout.dtypes.other,
        layout.dtypes.kv,
        layout.dtypes.width("kv"),
    )
    rows = decodes.queries * heads * wide
    return [
        Work(
            "decode_attention",
            shape,
            count,
            flops=shape.flops_per_pair * decodes.kv_tokens * (decodes.queries / decodes.sequences),
            bytes_read=rows * mixer.latent_size + decodes.kv_tokens * mixer.latent_size * shape.bytes_per_kv,
            bytes_written=rows * mixer.kv_lora_rank,
        )
    ]
