"""Kernel class of absorbed latent attention (MLA decode)."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.hardware.fits import DecodeAttentionFit
from simulator.hardware.profile import HardwareProfile

Sizes = Any


class LatentDecodeForm(DecodeAttentionForm):
    """One absorbed latent-attention call, one layer: the decode attention form with one shared KV head.

    Every query head attends to the same latent, so that a cached token takes the larger of its bytes over the reachable
    bandwidth and its FLOPs over the reachable peak: ``max(latent bytes / (em BW), q F / (ec P))`` for q query rows per
    sequence. No timings of such kernels stand behind it: bandwidth share, latency and waves are those of the device's
    decode attention at head size 128, ``math_share`` that of its prefill attention.
    """

    def __init__(
        self,
        fit: DecodeAttentionFit,
        device: HardwareProfile,
        *,
        heads: int,
        latent_size: int,
        flops_per_pair: float,
        math_share: float,
        math_dtype: str,
        bytes_per_kv: float,
    ) -> None:
        super().__init__(fit, device, heads=heads, kv_heads=1, head_dim=128, bytes_per_kv=bytes_per_kv)
        self.memory_s = latent_size * bytes_per_kv / (fit.memory_share * device.memory_bytes_per_s)
        self.math_s = flops_per_pair / (math_share * device.peak(math_dtype))

    def token_seconds(self, sequences: Sizes, queries: Sizes, ops: Any = np) -> Sizes:
        """As ``DecodeAttentionForm.token_seconds``."""
        return ops.maximum(self.memory_s, self.math_s * (queries / sequences))
