"""Decode attention, and what the closed forms of attention share: prepared once per layer shape, evaluated per step.

A form folds the device, the fitted constants and the head shape into a few coefficients. Its step statistics may be
plain numbers or numpy arrays: ``ops`` supplies ``maximum``, ``minimum`` and ``ceil`` (``numpy`` or ``PlainOps``), the
rest is arithmetic that reads the same for both. The engine's hot loop uses plain numbers.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from simulator.cost.kernels import US
from simulator.hardware.kernel_constants import DecodeAttentionFit
from simulator.hardware.profile import HardwareProfile

Sizes = Any
"""A number or an array of numbers."""

ROWS_PER_UNIT = 64
"""Query rows (heads of one group times queries) one decode attention unit holds."""
KV_BLOCK_ELEMENTS = 128 * 128
"""Elements of the keys a unit loads at a time: 128 tokens at head size 128, 256 at 64 (FlashAttention-2)."""
_WALKS_IN_STEP = "trainium"
"""Kind of devices whose executables walk the KV of all sequences and heads in step: a term per context length, whatever
the batch, in AWS' published latencies of Trn1. Reading the KV comes on top of it, once per query head, as there is no
kernel that shares a KV head: Llama 70B pays for a further sequence what two KV heads a core would cost, not one."""
MOST_SPLITS = 128
"""Parts FlashAttention-2 and -3 split a context into at most."""


class PlainOps:
    """``numpy``'s maximum, minimum and ceil for plain numbers."""

    maximum = staticmethod(max)
    minimum = staticmethod(min)
    ceil = staticmethod(math.ceil)


class DecodeLines(NamedTuple):
    """Seconds of a decode attention call over its summed KV tokens x, for one number of sequences and query rows:
    ``max(least, min(growing_start + growing x, start + settled x))``.

    The middle line holds while every further block of KV becomes a further split, the last one once no SM is idle.
    """

    least: Sizes
    growing_start: Sizes
    growing: Sizes
    start: Sizes
    settled: Sizes

    def later(self, seconds: Sizes) -> DecodeLines:
        """The lines moved up by so many seconds."""
        least, growing_start, growing, start, settled = self
        return DecodeLines(least + seconds, growing_start + seconds, growing, start + seconds, settled)

    def at(self, kv_tokens: Sizes, ops: Any = np) -> Sizes:
        """Seconds at so many KV tokens."""
        rising = ops.minimum(self.growing_start + self.growing * kv_tokens, self.start + self.settled * kv_tokens)
        return ops.maximum(self.least, rising)


class DecodeAttentionForm:
    """One attention call over the decoding sequences of a step, one layer: straight lines in their summed KV.

    ``t = t0 + max(unit ceil(u), min(ramp u^x + split + blocks merge + B / (em BW),
    ramp u^x + split + (parts - 1) merge + max(blocks block max(1, u) / parts, B / (em BW))))``
    with ``u = units/SM``, at least 1 in powers, ``parts = 1/u`` between 1 and 128, ``blocks`` of KV per sequence.

    A unit is one sequence and KV head (and every further 64 query rows). An underfilled device splits a unit's KV over
    its idle SMs, a block of 32 KiB of keys to each as long as there are idle ones; a second kernel merges the parts,
    one after the other. Counts are fractions, so that times do not jump where a library's heuristic does.

    FlashAttention-2 splits only after folding the query heads of a KV head into one tile. Heads without a group are not
    folded and walk through their KV alone (on A100, 3.0 us a block up to 64k tokens, for 1 to 8 heads alike). For
    several sequences and KV heads, folding is a transposition that copies queries and outputs (on A100 6 us and, for
    2,000 sequences, more than the attention itself). Where a library splits every head, ``block_us`` comes out small.
    """

    def __init__(
        self,
        fit: DecodeAttentionFit,
        device: HardwareProfile,
        *,
        heads: Sizes,
        kv_heads: Sizes,
        head_dim: Sizes,
        bytes_per_kv: float,
    ) -> None:
        head_effect = (head_dim / 128) ** fit.head_dim_exponent
        bandwidth = device.memory_bytes_per_s
        self.read_s = 2.0 * kv_heads * head_dim * bytes_per_kv / bandwidth
        self.cached_s = device.l2_bytes / bandwidth
        self.walks_in_step = float(device.kind == _WALKS_IN_STEP)
        if device.kind in ("cpu", _WALKS_IN_STEP):
            kv_heads = heads  # read once per query head; a processor's caches hold it meanwhile
        query_s = 2.0 * heads * head_dim / bandwidth
        folded, transposed = heads > kv_heads, (heads > kv_heads) & (kv_heads > 1)
        self.query_s = fit.query_passes * query_s
        self.regroup_s = fit.regroup_us * US * transposed
        self.regroup_query_s = fit.regroup_passes * query_s * transposed
        self.most_splits = 1.0 + (MOST_SPLITS - 1.0) * folded
        self.group_rows = heads / kv_heads / ROWS_PER_UNIT
        self.kv_heads_per_sm = kv_heads / device.multiprocessors
        self.latency_s = fit.latency_us * US
        self.unit_s = fit.unit_us * US * head_effect
        self.ramp_s = fit.ramp_us * US * head_effect
        self.ramp_exponent = fit.ramp_exponent
        self.split_s = fit.split_us * US * folded
        self.merge_s = fit.merge_us * US
        self.kv_s = 2.0 * kv_heads * head_dim * bytes_per_kv / (fit.memory_share * bandwidth)
        self.blocks_per_token = head_dim / KV_BLOCK_ELEMENTS
        self.walk_s = fit.block_us * US * self.blocks_per_token

    def lines(self, sequences: Sizes, queries: Sizes, ops: Any = np) -> DecodeLines:
        """The lines of a call over so many sequences and query rows."""
        per_sm = self.units_per_sm(sequences, queries, ops)
        waves = ops.maximum(1.0, per_sm)
        splits = ops.minimum(self.most_splits, ops.maximum(1.0, 1.0 / per_sm))
        latency = self.latency_seconds(sequences, queries)
        start = latency + self.ramp_s * waves**self.ramp_exponent + self.split_s
        token_s = self.token_seconds(sequences, queries, ops)
        walks = 1.0 + (waves - 1.0) * (1.0 - self.walks_in_step)
        walk_s = self.walk_s * walks / splits / sequences
        settled = ops.maximum(token_s, walk_s) + self.walks_in_step * ops.minimum(token_s, walk_s)
        growing = token_s + self.merge_s * self.blocks_per_token / sequences
        return DecodeLines(
            latency + self.unit_s * ops.ceil(per_sm),
            start,
            settled + (growing - settled) * (splits > 1.0),
            start + self.merge_s * (splits - 1.0),
            settled,
        )

    def units_per_sm(self, sequences: Sizes, queries: Sizes, ops: Any = np) -> Sizes:
        """Units over multiprocessors: the waves of a call, where it is more than one."""
        return self.kv_heads_per_sm * ops.maximum(sequences, queries * self.group_rows)

    def latency_seconds(self, sequences: Sizes, queries: Sizes) -> Sizes:
        """Seconds of a call before and beside its units: the launch and the copies of grouped queries and outputs."""
        copies = self.query_s * queries + (self.regroup_s + self.regroup_query_s * queries) * (sequences > 1)
        return self.latency_s + copies

    def token_seconds(self, sequences: Sizes, queries: Sizes, ops: Any = np) -> Sizes:
        """Seconds per KV token of a call that keeps every SM busy."""
        return self.kv_s

    def least_seconds(self, kv_tokens: Sizes) -> Sizes:
        """Seconds to read the KV that the last-level cache cannot hold, at the data sheet's bandwidth."""
        return np.maximum(self.read_s * kv_tokens - self.cached_s, 0.0)

    def seconds(self, sequences: Sizes, queries: Sizes, kv_tokens: Sizes, ops: Any = np) -> Sizes:
        """Seconds of one call; arguments are the decode sums of ``StepFeatures``."""
        return self.lines(sequences, queries, ops).at(kv_tokens, ops)
