"""Kernel class of prefill attention: a closed form prepared once per layer shape, evaluated per step."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.cost.attention_forms import Sizes
from simulator.cost.attention_tiles import RULES, SMALL_HEAD
from simulator.cost.kernels import US, p_norm
from simulator.hardware.kernel_constants import PrefillAttentionFit
from simulator.hardware.profile import HardwareProfile
from simulator.operators.features import QUERY_TILE

_NS = 1e-9
_WRITING_THREADS = 512
"""Most threads of a block of vLLM's ``reshape_and_cache_flash``, which writes one token: ``min(KV heads * d, 512)``
(csrc/cache_kernels.cu)."""
_THREADS_PER_SM = 2048
_WRITE_TRAFFIC = 2.0
"""The cache write reads keys and values and stores them."""


class PrefillAttentionForm:
    """One attention call over all prefill chunks of a step, one layer, and the write of their keys and values.

    ``t = t0 + pn(pn(load, lone; pb), B kept / (em BW); p) + write``

    A unit is a tile of T query rows of one sequence that walks through its KV in blocks, ``step = 4 d T /
    (ec (d/128)^x P / SM)`` a token; ``cost.attention_tiles`` has the shapes. With U units, each of ``unit + row * rows
    filled`` beside its walk, an SM takes

    ``load = U/SM * mean unit + (ceil(U/SM) - U/SM) * shortest unit``:

    causal units differ in length, so that what the last, partly filled wave costs is one of the short ones; where all
    are alike, as with short prompts, whole waves remain. ``lone`` is the longest unit, which walks over all KV of a
    sequence, ``lone_speed`` times as fast when others no longer share the device. KV lengths are rounded up to blocks.

    What a call moves it finds in the last-level cache where all of it fits, since the kernels before just wrote it:
    ``kept = 1 - cached_share / (1 + (B / L2)^2)``.

    ``write``: one thread block a token, of which an SM holds ``2048 / min(KV heads * d, 512)``, and the bytes. On A100
    that is 2.3 ns a token for one KV head of size 128, 12 ns for 4 to 8: more than half of the time of short prompts.
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
        tiles = RULES[fit.tiles]
        small = head_dim <= SMALL_HEAD
        bandwidth = device.memory_bytes_per_s
        rate = fit.math_share * (head_dim / 128) ** fit.head_dim_exponent * device.peak(math_dtype)
        self.heads = heads
        self.group = heads / kv_heads
        self.rows = tiles.rows + (tiles.small_head_rows - tiles.rows) * small
        self.block = tiles.kv_tokens + (tiles.small_head_kv_tokens - tiles.kv_tokens) * small
        self.shared = self.group if tiles.packs else 1.0
        self.per_query_tile = QUERY_TILE * self.shared // self.rows
        self.multiprocessors = device.multiprocessors
        self.latency_s = fit.latency_us * US
        self.unit_s = fit.unit_us * US
        self.row_s = fit.row_ns * _NS
        self.step_s = 4.0 * head_dim * self.rows * device.multiprocessors / rate
        self.lone_step_s = self.step_s / fit.lone_speed
        self.query_bytes = 2.0 * head_dim * heads * bytes_per_query
        self.kv_bytes = 2.0 * head_dim * kv_heads * bytes_per_kv
        self.per_l2 = 1.0 / device.l2_bytes
        self.cached_share = fit.cached_share
        self.byte_s = 1.0 / (fit.memory_share * bandwidth)
        width = kv_heads * head_dim
        threads = width + (_WRITING_THREADS - width) * (width > _WRITING_THREADS)
        self.write_s = fit.write_block_us * US * threads / _THREADS_PER_SM / device.multiprocessors
        self.written_s = fit.write_passes * self.kv_bytes / bandwidth
        self.sharpness = fit.sharpness
        self.balance_sharpness = fit.balance_sharpness

    def seconds(
        self, sequences: Sizes, tokens: Sizes, pairs: Sizes, kv_tokens: Sizes, tiles: Sizes, ops: Any = np
    ) -> Sizes:
        """Seconds of one call; arguments are the prefill sums of ``StepFeatures``.

        Chunks are taken to be alike; where they are not, the query tiles of 128 rows say how many units there are at
        least.
        """
        rows, block = self.rows, self.block
        chunk, context = tokens / sequences, (kv_tokens - tokens) / sequences
        shared = self.shared + (self.group - self.shared) * (tokens <= sequences)
        fewest = self.per_query_tile * (tiles - sequences) + sequences
        units = self.heads / shared * ops.maximum(sequences * ops.ceil(chunk * shared / rows), fewest)
        unit_s = self.unit_s + self.row_s * ops.minimum(rows, chunk * shared)

        waves = units / self.multiprocessors
        mean = ops.maximum(block, pairs / tokens + block / 2)
        shortest = ops.maximum(block, context + ops.minimum(chunk, rows / shared))
        partial = ops.ceil(waves) - waves
        load = waves * (unit_s + self.step_s * mean) + partial * (unit_s + self.step_s * shortest)
        lone = unit_s + self.lone_step_s * ops.maximum(block, context + chunk)

        moved = self.query_bytes * tokens + self.kv_bytes * kv_tokens
        written = _WRITE_TRAFFIC * self.kv_bytes * tokens
        filling = (moved + written) * self.per_l2
        kept = 1.0 - self.cached_share / (1.0 + filling * filling)
        busy = p_norm(p_norm(load, lone, self.balance_sharpness), moved * kept * self.byte_s, self.sharpness)
        return self.latency_s + busy + tokens * (self.write_s + kept * self.written_s)
