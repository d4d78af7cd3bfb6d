"""Kernel classes of attention: closed forms prepared once per layer shape, evaluated per step.

A form folds the device, the fitted constants and the head shape into a few coefficients. Its step statistics may be
plain numbers or numpy arrays: ``ops`` supplies ``maximum`` and ``minimum`` (``numpy`` or ``PlainOps``), the rest is
arithmetic that reads the same for both. The engine's hot loop uses plain numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.cost.kernels import US, p_norm
from simulator.hardware.fits import DecodeAttentionFit, PrefillAttentionFit
from simulator.hardware.profile import HardwareProfile
from simulator.operators.features import QUERY_TILE

Sizes = Any
"""A number or an array of numbers."""

ROWS_PER_UNIT = 64
"""Query rows (heads of one group times queries) one decode attention unit holds."""
SMALL_HEAD = 64
"""Head size up to which a query tile holds half as many rows again."""
KV_BLOCK = 128
"""KV tokens an attention unit loads at a time."""


class PlainOps:
    """``numpy``'s maximum and minimum for plain numbers."""

    maximum = staticmethod(max)
    minimum = staticmethod(min)


class PrefillAttentionForm:
    """One attention call over all prefill chunks of a step, one layer.

    ``t = t0 + pn(pn(load, longest; pb), B / (em BW); p) + KV gather``, ``load = 4 d F / (ec (d/128)^x P) + unit *
    units/SM``, ``longest = 4 d T L / (ec (d/128)^x P / SM) + unit``

    A unit is one (sequence, head, query tile); causal units are of different lengths and scheduled longest first, so
    that a call takes the larger of the mean load of an SM and its longest unit, which walks over all L KV tokens of a
    sequence. ``F`` counts the causal pairs padded to whole tiles. Query heads of a group share a tile (PackGQA), so
    that a chunk of n tokens fills ``ceil(n g / T)`` tiles of each KV head; from the sums of a step that number is known
    between bounds. Tiles hold T = 128 rows, 192 for head sizes up to 64.
    """

    def __init__(
        self,
        fit: PrefillAttentionFit,
        device: HardwareProfile,
        *,
        heads: Sizes,
        kv_heads: Sizes,
        head_dim: Sizes,
        math_dtype: str,
        bytes_per_kv: float,
        bytes_per_query: float = 2.0,
    ) -> None:
        bandwidth = fit.memory_share * device.memory_bytes_per_s
        rate = fit.math_share * (head_dim / 128) ** fit.head_dim_exponent * device.peak(math_dtype)
        self.heads = heads
        self.group = heads / kv_heads
        self.kv_heads = kv_heads
        self.rows = QUERY_TILE + QUERY_TILE // 2 * (head_dim <= SMALL_HEAD)
        self.per_sm = 1.0 / device.multiprocessors
        self.latency_s = fit.latency_us * US
        self.unit_s = fit.unit_us * US
        self.row_s = fit.row_ns * 1e-9
        self.pair_s = 4.0 * head_dim / rate
        self.kv_step_s = self.pair_s * self.rows * device.multiprocessors
        self.query_s = 2.0 * head_dim * heads * bytes_per_query / bandwidth
        self.kv_s = 2.0 * head_dim * kv_heads * bytes_per_kv / bandwidth
        self.gather_s = fit.kv_row_ns * 1e-9 * kv_heads / device.multiprocessors
        self.sharpness = fit.sharpness
        self.balance_sharpness = fit.balance_sharpness

    def seconds(
        self, sequences: Sizes, tokens: Sizes, pairs: Sizes, kv_tokens: Sizes, tiles: Sizes, ops: Any = np
    ) -> Sizes:
        """Seconds of one call; arguments are the prefill sums of ``StepFeatures``."""
        group, rows = self.group, self.rows
        packed = ops.maximum(sequences, tokens * group / rows + sequences / 2)
        whole = ops.maximum(sequences, tiles * (QUERY_TILE / rows))
        units = self.kv_heads * ops.minimum(group * whole, packed)
        unit_s = self.unit_s + self.row_s * ops.minimum(rows, self.heads * tokens / units)
        load = self.pair_s * pairs * (units * rows / tokens) + unit_s * units * self.per_sm
        longest = self.kv_step_s * kv_tokens / sequences + unit_s
        memory = self.query_s * tokens + self.kv_s * kv_tokens
        busy = p_norm(p_norm(load, longest, self.balance_sharpness), memory, self.sharpness)
        return self.latency_s + busy + self.gather_s * kv_tokens


class DecodeAttentionForm:
    """One attention call over the decoding sequences of a step, one layer: two straight lines in their summed KV.

    ``t = t0 + max(cta u, ramp u^x + KV bytes / (em BW) + lk * serial blocks + lu * unsplit blocks)`` with
    ``u = (d/128)^h max(1, units/SM)``

    A unit is one sequence and KV head (and every further 64 query rows). An underfilled device splits a unit's KV over
    its idle SMs, so that ``serial blocks = KV per sequence / 128 * min(1, units/SM)``.

    FlashAttention-2 does both only after folding the query heads of a KV head into one tile. Heads without a group are
    not folded and their KV is not split: ``unsplit blocks = KV per sequence / 128 * max(0, 1 - units/SM)`` (on A100,
    3.0 us a block up to 64k tokens, for 1 to 8 heads alike). For several sequences and KV heads, folding is a
    transposition that copies queries and outputs (part of ``t0``: 6 us on A100). Both constants come out as zero where
    a library does neither (FlashAttention-3).
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
        self.read_s = 2.0 * kv_heads * head_dim * bytes_per_kv / device.memory_bytes_per_s
        self.cached_s = device.l2_bytes / device.memory_bytes_per_s
        if device.kind == "cpu":
            kv_heads = heads  # a processor walks through the KV once per query head; its caches hold it meanwhile
        self.regroup_s = fit.regroup_us * US * (heads > kv_heads) * (kv_heads > 1)
        self.unsplit_s = fit.unsplit_block_us * US / KV_BLOCK * (heads == kv_heads)
        self.group_rows = heads / kv_heads / ROWS_PER_UNIT
        self.kv_heads_per_sm = kv_heads / device.multiprocessors
        self.latency_s = fit.latency_us * US
        self.unit_s = fit.unit_us * US * head_effect
        self.ramp_s = fit.ramp_us * US * head_effect
        self.ramp_exponent = fit.ramp_exponent
        self.kv_s = 2.0 * kv_heads * head_dim * bytes_per_kv / (fit.memory_share * device.memory_bytes_per_s)
        self.serial_s = fit.serial_block_us * US / KV_BLOCK

    def lines(self, sequences: Sizes, queries: Sizes, ops: Any = np) -> tuple[Sizes, Sizes, Sizes]:
        """``(least seconds, seconds at no KV, seconds per KV token)`` for so many sequences and query rows.

        The call takes the larger of the first, and of the second plus the third times the summed KV.
        """
        per_sm = self.kv_heads_per_sm * ops.maximum(sequences, queries * self.group_rows)
        waves = ops.maximum(1.0, per_sm)
        latency = self.latency_s + self.regroup_s * (sequences > 1)
        least = latency + self.unit_s * waves
        start = latency + self.ramp_s * waves**self.ramp_exponent
        filled = ops.minimum(1.0, per_sm)
        walk = self.serial_s * filled + self.unsplit_s * (1.0 - filled)
        return least, start, self.kv_s + walk / sequences

    def least_seconds(self, kv_tokens: Sizes) -> Sizes:
        """Seconds to read the KV that the last-level cache cannot hold, at the data sheet's bandwidth."""
        return np.maximum(self.read_s * kv_tokens - self.cached_s, 0.0)

    def seconds(self, sequences: Sizes, queries: Sizes, kv_tokens: Sizes, ops: Any = np) -> Sizes:
        """Seconds of one call; arguments are the decode sums of ``StepFeatures``."""
        least, start, per_kv_token = self.lines(sequences, queries, ops)
        return ops.maximum(least, start + per_kv_token * kv_tokens)
