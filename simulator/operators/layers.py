"""Work of a decoder layer that depends on the step's token count alone: linear layers, norms, experts, collectives.

Dispatch is on the class of the block: a new kind of block registers its function with ``attention_linear_work`` or
``ffn_work`` and no line here changes. Sizes are those of one tensor-parallel rank (Megatron: columns of QKV and
gate/up, rows of O and down, one all-reduce after each pair).
"""

from __future__ import annotations

from functools import singledispatch

from simulator.models.attention import GQAAttention
from simulator.models.ffn import ChannelMix, DenseFFN, MoEFFN, NoFFN
from simulator.models.spec import LayerBlock
from simulator.operators.layout import Layout
from simulator.operators.linear import all_reduce, linear_work, norm_work, quantise_work
from simulator.operators.work import Experts, Gemm, Sizes, Work, gemm_work, stream_work


def layer_linear_work(block: LayerBlock, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """Everything of ``count`` equal layers except their attention kernels, for ``tokens`` rows."""
    work = [norm_work("attention_norm", hidden_size, layout, tokens, count)]
    for mixer in block.mixers:
        work += attention_linear_work(mixer, hidden_size, layout, tokens, count)
    if block.norms > 1:
        work.append(norm_work("ffn_norm", hidden_size, layout, tokens, count))
    if block.norms > 2:
        work.append(norm_work("further_norms", hidden_size, layout, tokens, count * (block.norms - 2)))
    return work + ffn_work(block.ffn, hidden_size, layout, tokens, count)


@singledispatch
def attention_linear_work(attention: object, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """Projections, rotary embedding, KV write and collective around an attention block's kernels."""
    raise NotImplementedError(f"no operators are registered for {type(attention).__name__}")


@attention_linear_work.register
def _(attention: GQAAttention, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    heads, kv_heads = layout.heads(attention)
    query_size, kv_size = heads * attention.head_dim, kv_heads * attention.head_dim
    wide, cached = layout.dtypes.width("other"), layout.dtypes.width("kv")
    kv_size *= not attention.kv_shared
    rotated = query_size + kv_size
    rope_and_write = stream_work(
        "rope_kv_write",
        count,
        flops=3.0 * tokens * rotated,
        bytes_read=tokens * (rotated + kv_size) * wide + tokens * attention.head_dim * 4.0,
        bytes_written=tokens * query_size * wide + 2.0 * tokens * kv_size * cached,
    )
    return [
        *quantise_work("qkv_quantise", tokens, hidden_size, layout, count, part="attention", producer="norm"),
        linear_work("qkv", tokens, query_size + 2 * kv_size, hidden_size, layout, count, part="attention"),
        *([_qk_norm(tokens, rotated * wide, rotated, count)] if attention.qk_norm else []),
        rope_and_write,
        *quantise_work("o_quantise", tokens, query_size, layout, count, part="attention", producer="attention"),
        linear_work("o_proj", tokens, hidden_size, query_size, layout, count, part="attention"),
        *all_reduce("attention_all_reduce", hidden_size, layout, tokens, count),
    ]


def _qk_norm(tokens: Sizes, row_bytes: float, row_size: int, count: int) -> Work:
    """Norm of every query and key head; a kernel of its own beside the rotary embedding (vLLM 0.19 profiles)."""
    moved = tokens * row_bytes
    return stream_work("qk_norm", count, flops=4.0 * tokens * row_size, bytes_read=moved, bytes_written=moved)


@singledispatch
def ffn_work(ffn: object, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """Linear layers, activation and collective of a feed-forward block."""
    raise NotImplementedError(f"no operators are registered for {type(ffn).__name__}")


@ffn_work.register
def _(ffn: DenseFFN, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    return [
        *_gated_mlp("", ffn.intermediate_size, ffn.num_matrices, hidden_size, layout, tokens, count),
        *all_reduce("ffn_all_reduce", hidden_size, layout, tokens, count),
    ]


def _gated_mlp(
    prefix: str, intermediate_size: int, num_matrices: int, hidden_size: int, layout: Layout, tokens: Sizes, count: int
) -> list[Work]:
    inner = layout.shard(intermediate_size)
    wide = layout.dtypes.width("other")
    up = num_matrices - 1
    return [
        *quantise_work(f"{prefix}gate_up_quantise", tokens, hidden_size, layout, count, part="ffn", producer="norm"),
        linear_work(f"{prefix}gate_up", tokens, up * inner, hidden_size, layout, count, part="ffn"),
        stream_work(
            f"{prefix}activation",
            count,
            flops=6.0 * tokens * inner,
            bytes_read=up * tokens * inner * wide,
            bytes_written=tokens * inner * wide,
        ),
        *quantise_work(f"{prefix}down_quantise", tokens, inner, layout, count, part="ffn", producer="activation"),
        linear_work(f"{prefix}down", tokens, hidden_size, inner, layout, count, part="ffn"),
    ]


@ffn_work.register
def _(ffn: NoFFN, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    return []


@ffn_work.register
def _(ffn: ChannelMix, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """Receptance gates the output of a two-matrix block (RWKV)."""
    receptance = linear_work("receptance", tokens, layout.shard(hidden_size), hidden_size, layout, count, part="ffn")
    mlp = _gated_mlp("", ffn.intermediate_size, 2, hidden_size, layout, tokens, count)
    return [receptance, *mlp, *all_reduce("ffn_all_reduce", hidden_size, layout, tokens, count)]


@ffn_work.register
def _(ffn: MoEFFN, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    wide = layout.dtypes.width("other")
    router = Gemm(tokens, ffn.num_experts, hidden_size, layout.dtypes.other, wide, wide)
    work = [gemm_work("router", router, count), _experts(ffn, hidden_size, layout, tokens, count)]
    if ffn.shared_intermediate_size:
        shared = ffn.shared_intermediate_size
        work += _gated_mlp("shared_", shared, ffn.num_matrices, hidden_size, layout, tokens, count)
    return work + all_reduce("ffn_all_reduce", hidden_size, layout, tokens, count)


def _experts(ffn: MoEFFN, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> Work:
    """All routed experts, each sliced over the ranks; weights are read for touched experts only."""
    dtypes = layout.dtypes
    inner = layout.shard(ffn.intermediate_size)
    touched = distinct_experts(ffn.num_experts, ffn.experts_per_token, tokens, layout.expert_coverage)
    shape = Experts(
        tokens,
        hidden_size,
        inner,
        ffn.num_matrices,
        ffn.num_experts,
        ffn.experts_per_token,
        touched,
        dtypes.layer_math("experts"),
        dtypes.layer_weights("experts"),
        dtypes.width("other" if "experts" in dtypes.unquantised else "activations"),
        dtypes.layer_format("experts"),
    )
    rows = tokens * ffn.experts_per_token
    weights = float(ffn.num_matrices * hidden_size * inner)
    return Work(
        "experts",
        shape,
        count,
        flops=2.0 * rows * weights,
        bytes_read=touched * weights * shape.bytes_per_weight
        + rows * (hidden_size + (ffn.num_matrices - 1) * inner) * shape.bytes_per_activation,
        bytes_written=rows * (hidden_size + inner) * shape.bytes_per_activation,
        launches=4,
    )


def distinct_experts(num_experts: int, experts_per_token: int, tokens: Sizes, coverage: float = 1.0) -> Sizes:
    """Experts touched by ``tokens`` tokens that each choose ``experts_per_token`` uniformly (TECHNIQUES equation 20).

    ``E (1 - (1 - k/E)^(coverage T))``; ``coverage`` < 1 stands for routing that repeats itself. Never fewer than one
    token's choice.
    """
    missed = (1.0 - experts_per_token / num_experts) ** (coverage * tokens)
    touched = num_experts * (1.0 - missed)
    return touched if coverage == 1.0 else _at_least(touched, experts_per_token)


def _at_least(values: Sizes, floor: float) -> Sizes:
    import numpy as np

    return np.maximum(values, floor)
