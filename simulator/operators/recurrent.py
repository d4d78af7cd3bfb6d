"""Work of layers with a constant state: Mamba, Mamba-2, RWKV (TECHNIQUES 4.5).

Their projections are linear layers over the step's tokens. The scan itself is bound by memory: prefill streams the
activations once and keeps the state on chip (a fused scan), decode reads and writes the state of every sequence.
"""

from __future__ import annotations

from functools import singledispatch

from simulator.models.recurrent import Mamba2Mixer, MambaMixer, RWKVMixer
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
from simulator.operators.sharding import rank_state_elements
from simulator.operators.work import Sizes, Work, stream_work

Recurrent = MambaMixer | Mamba2Mixer | RWKVMixer

SCAN_PASSES = 6.0
"""Activations of d_in elements a fused scan reads or writes per token (TECHNIQUES 4.5)."""
SCAN_FLOPS = 9.0
"""FLOPs per state element and token: decay, input, output (TECHNIQUES 4.5)."""


@singledispatch
def inner_linear_work(mixer: object, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    """Linear layers between input projection and scan; most mixers have none."""
    return []


@inner_linear_work.register
def _(mixer: MambaMixer, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    inner = layout.shard(mixer.inner_size)
    columns = mixer.dt_rank + 2 * mixer.state_size
    return [
        linear_work("ssm_x_proj", tokens, columns, inner, layout, count, part="attention"),
        *all_reduce("ssm_x_all_reduce", columns, layout, tokens, count),
        linear_work("ssm_dt_proj", tokens, inner, mixer.dt_rank, layout, count, part="attention"),
    ]


@attention_linear_work.register(MambaMixer)
@attention_linear_work.register(Mamba2Mixer)
@attention_linear_work.register(RWKVMixer)
def _(mixer: Recurrent, hidden_size: int, layout: Layout, tokens: Sizes, count: int) -> list[Work]:
    inner = layout.shard(mixer.inner_size)
    columns = layout.shard(mixer.in_columns())
    return [
        linear_work("ssm_in_proj", tokens, columns, hidden_size, layout, count, part="attention"),
        *inner_linear_work(mixer, layout, tokens, count),
        linear_work("ssm_out_proj", tokens, hidden_size, inner, layout, count, part="attention"),
        *all_reduce("attention_all_reduce", hidden_size, layout, tokens, count),
    ]


def _scan(name: str, mixer: Recurrent, layout: Layout, tokens: Sizes, sequences: Sizes, count: int) -> Work:
    """The recurrence over ``tokens`` rows of ``sequences`` sequences; each state is read and written once."""
    wide = layout.dtypes.width("other")
    state = rank_state_elements(mixer, layout)
    activations = SCAN_PASSES * tokens * layout.shard(mixer.inner_size) * wide
    return stream_work(
        name,
        count,
        flops=SCAN_FLOPS * tokens * state,
        bytes_read=sequences * state * wide + activations / 2,
        bytes_written=sequences * state * wide + activations / 2,
    )


@prefill_work.register(MambaMixer)
@prefill_work.register(Mamba2Mixer)
@prefill_work.register(RWKVMixer)
def _(mixer: Recurrent, layout: Layout, chunks: PrefillStatistics, count: int) -> list[Work]:
    return [_scan("prefill_scan", mixer, layout, chunks.tokens, chunks.sequences, count)]


@decode_work.register(MambaMixer)
@decode_work.register(Mamba2Mixer)
@decode_work.register(RWKVMixer)
def _(mixer: Recurrent, layout: Layout, decodes: DecodeStatistics, count: int) -> list[Work]:
    """Nothing depends on the context."""
    return []


@decode_sequence_work.register(MambaMixer)
@decode_sequence_work.register(Mamba2Mixer)
@decode_sequence_work.register(RWKVMixer)
def _(mixer: Recurrent, layout: Layout, sequences: Sizes, queries: Sizes, count: int) -> list[Work]:
    return [_scan("decode_scan", mixer, layout, queries, sequences, count)]
