"""Prefill and decode attention as kernel classes, by format of the KV cache."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.fit.kernel_class import Floats, KernelClass, columns
from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.cost.prefill_form import PrefillAttentionForm
from simulator.hardware.kernel_constants import ATTENTION_TILES, DecodeAttentionFit, PrefillAttentionFit
from simulator.hardware.profile import HardwareProfile

LARGE_L2_BYTES = 80e6

_HEAD_SHAPES = ("heads", "kv_heads")
MOST_BANDWIDTH = 0.95
"""Share of the data sheet's bandwidth that decode attention may reach. Of the rows whose KV
is more than eight times the L2, 99 % stay below 0.94 on all five devices and none exceeds 0.946; a fit that trades the
share against the latency of a wave may not go beyond."""


def prefill_class(kv_dtype: str) -> KernelClass:
    """Causal attention of whole prompts, without sliding windows."""
    width = _width(kv_dtype)

    def predict(fit: PrefillAttentionFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        batch, new, kv, heads, kv_heads, dim = columns(
            rows, "batch", "q_len", "kv_len", "heads", "kv_heads", "head_dim"
        )
        form = PrefillAttentionForm(
            fit, device, heads=heads, kv_heads=kv_heads, head_dim=dim, math_dtype=device.sixteen_bit(),
            bytes_per_kv=width,
        )  # fmt: skip
        pairs = batch * (new * (kv - new) + new * (new + 1) / 2)
        seconds: Floats = form.seconds(batch, batch * new, pairs, batch * kv, batch * np.ceil(new / 128))
        return seconds

    def pick(table: pd.DataFrame, _: HardwareProfile) -> pd.DataFrame:
        return _attention_rows(table, "attn_prefill", kv_dtype)

    return KernelClass(
        "prefill_attention", kv_dtype, PrefillAttentionFit, pick, predict, _HEAD_SHAPES,
        start=(0.65, 0.8, 6.0, 1.8, 1.4, 1.5, 5.0, 0.35, 1.2, 0.3, 2.0, 2.0),
        low=(0.2, 0.1, 1.0, 0.7, 1.0, 1e-2, 1e-2, 1e-3, 0.5, 1e-3, 0.05, 0.05),
        high=(1.1, 1.2, 30.0, 8.0, 12.0, 20.0, 200.0, 1.5, 2.0, 0.95, 50.0, 20.0),
        choices={"tiles": ATTENTION_TILES},
        coordinates=lambda rows: columns(rows, "batch", "q_len", "kv_len", "heads", "kv_heads", "head_dim"),
        scales=(2.0, 2.0, 3.0, 2.0, 2.0, 2.0), centres=1000, ridge=0.05,
    )  # fmt: skip


def decode_class(kv_dtype: str) -> KernelClass:
    """One query per sequence over its KV cache.

    The tables repeat a call on the same KV, which a cache of 90 MB and more then holds; a server's other layers evict
    it. On devices with such a cache, rows whose KV is 5 to 200 % of it are left out.
    """
    width = _width(kv_dtype)

    def predict(fit: DecodeAttentionFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        batch, kv, heads, kv_heads, dim = columns(rows, "batch", "kv_len", "heads", "kv_heads", "head_dim")
        form = DecodeAttentionForm(fit, device, heads=heads, kv_heads=kv_heads, head_dim=dim, bytes_per_kv=width)
        seconds: Floats = form.seconds(batch, batch, batch * kv)
        return seconds

    def pick(table: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        rows = _attention_rows(table, "attn_decode", kv_dtype)
        if device.l2_bytes < LARGE_L2_BYTES:
            return rows
        batch, kv, kv_heads, dim = columns(rows, "batch", "kv_len", "kv_heads", "head_dim")
        in_l2 = batch * kv * kv_heads * dim * 2 * width / device.l2_bytes
        return rows[(in_l2 < 0.05) | (in_l2 > 2)]

    return KernelClass(
        "decode_attention", kv_dtype, DecodeAttentionFit, pick, predict, _HEAD_SHAPES,
        start=(0.85, 6.0, 3.0, 0.3, 2.0, 3.0, 0.5, 2.0, 0.1, 4.0, 1.0, 2.0),
        low=(0.3, 1.0, 0.01, 1e-3, 0.01, 0.01, 0.01, 1e-3, 1e-3, 0.01, 1e-3, 0.01),
        high=(MOST_BANDWIDTH, 30.0, 20.0, 2.0, 20.0, 40.0, 1.0, 20.0, 2.0, 30.0, 20.0, 30.0),
        coordinates=lambda rows: columns(rows, "batch", "kv_len", "heads", "kv_heads", "head_dim"),
        scales=(2.0, 2.0, 12.0, 4.0, 4.0), centres=1200, ridge=0.05,
    )  # fmt: skip


def _width(kv_dtype: str) -> float:
    return 1.0 if kv_dtype == "fp8" else 2.0


def _attention_rows(table: pd.DataFrame, op: str, kv_dtype: str) -> pd.DataFrame:
    windowed = table["window"].fillna(0.0) > 0
    return table[(table["op"] == op) & (table["kv_dtype"] == kv_dtype) & ~windowed]
