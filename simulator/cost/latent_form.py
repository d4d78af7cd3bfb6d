"""Kernel class of absorbed latent attention (MLA decode)."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.cost.attention_forms import MOST_SPLITS, ROWS_PER_UNIT, DecodeAttentionForm
from simulator.cost.kernels import US, p_norm
from simulator.hardware.kernel_constants import DecodeAttentionFit
from simulator.hardware.latent_fits import LatentDecodeFit
from simulator.hardware.profile import HardwareProfile

Sizes = Any

LEAST_ROWS = 16
"""Rows of the smallest tile a tensor core multiplies; also Triton's smallest block of heads."""


class LatentDecodeForm(DecodeAttentionForm):
    """One absorbed latent-attention call, one layer: the decode attention form with one KV head that all heads share.

    A cached token is read once for all heads, ``b (d_c + d_r)`` bytes, and takes ``F = 2 (2 d_c + d_r)`` FLOPs for each
    query row (head times query), of which a tile holds at least ``tile_rows``:

    ``s = pn(b (d_c + d_r) / (em BW), F max(rows, tile_rows) / (ec P); p)``

    With 16 heads (DeepSeek-V3 over 8 ranks) the bytes decide, with all 128 on one rank the math does. Libraries split
    the latents of a sequence over idle multiprocessors whatever its heads (FlashMLA, FlashAttention-3,
    FlashInfer's TensorRT-LLM kernels and Triton alike).
    """

    def __init__(
        self,
        fit: LatentDecodeFit,
        device: HardwareProfile,
        *,
        heads: Sizes,
        latent_dim: Sizes,
        rope_dim: Sizes,
        bytes_per_kv: float,
        math_flops: float,
    ) -> None:
        super().__init__(_as_decode(fit), device, heads=heads, kv_heads=1, head_dim=128, bytes_per_kv=bytes_per_kv)
        latent = latent_dim + rope_dim
        bandwidth = device.memory_bytes_per_s
        self.most_splits = MOST_SPLITS
        self.split_s = fit.split_us * US
        self.group_rows = heads / ROWS_PER_UNIT
        self.kv_heads_per_sm = 1.0 / device.multiprocessors
        self.query_s = fit.query_passes * 2.0 * heads * (latent + latent_dim) / bandwidth
        self.read_s = latent * bytes_per_kv / bandwidth
        self.memory_s = self.read_s / fit.memory_share
        self.heads = heads
        self.row_s = 2.0 * (latent + latent_dim) / (fit.math_share * math_flops)
        self.sharpness = fit.sharpness

    def token_seconds(self, sequences: Sizes, queries: Sizes, ops: Any = np) -> Sizes:
        """As ``DecodeAttentionForm.token_seconds``."""
        rows = ops.maximum(LEAST_ROWS, self.heads * (queries / sequences))
        return p_norm(self.memory_s, self.row_s * rows, self.sharpness)


def _as_decode(fit: LatentDecodeFit) -> DecodeAttentionFit:
    """The constants the two forms share."""
    return DecodeAttentionFit(
        memory_share=fit.memory_share,
        latency_us=fit.latency_us,
        unit_us=fit.unit_us,
        head_dim_exponent=0.0,
        block_us=fit.block_us,
        ramp_us=fit.ramp_us,
        ramp_exponent=fit.ramp_exponent,
        split_us=fit.split_us,
        merge_us=fit.merge_us,
        query_passes=fit.query_passes,
        regroup_us=0.0,
        regroup_passes=0.0,
    )


def latent_math(device: HardwareProfile, kv_dtype: str) -> float:
    """FLOP/s that the shares of latent attention refer to: the peak of the cache's format where the device multiplies
    it, else of its 16-bit one."""
    return device.peak(kv_dtype if kv_dtype == "fp8" and device.supports(kv_dtype) else device.sixteen_bit())
