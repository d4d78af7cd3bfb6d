"""Kernels of latent attention (MLA) as kernel classes, of DeepSeek's sizes (``calibration.schema``).

Tables hold head counts of one rank, 1 to 128; a head count is held out as a whole.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.fit.attention import LARGE_L2_BYTES, MOST_BANDWIDTH
from calibration.fit.kernel_class import Floats, KernelClass, columns
from simulator.cost.absorbed_form import absorbed_seconds
from simulator.cost.latent_form import LatentDecodeForm, latent_math
from simulator.cost.prefill_form import PrefillAttentionForm
from simulator.hardware.kernel_constants import ATTENTION_TILES, PrefillAttentionFit
from simulator.hardware.latent_fits import AbsorbedFit, LatentDecodeFit
from simulator.hardware.profile import HardwareProfile

LATENT_DIM, ROPE_DIM = 512, 64
MEAN_HEAD = 160
"""Mean of the sizes of a key (128 + 64) and a value (128) after expansion."""


def latent_decode_class(kv_dtype: str) -> KernelClass:
    """Absorbed: one query per sequence, all heads over its latents.

    As for plain decode attention, rows whose latents a large last-level cache keeps from call to call are left out.
    """
    width = _WIDTH[kv_dtype]

    def predict(fit: LatentDecodeFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        batch, kv, heads = columns(rows, "batch", "kv_len", "heads")
        form = LatentDecodeForm(
            fit, device, heads=heads, latent_dim=LATENT_DIM, rope_dim=ROPE_DIM, bytes_per_kv=width,
            math_flops=latent_math(device, kv_dtype),
        )  # fmt: skip
        seconds: Floats = form.seconds(batch, batch, batch * kv)
        return seconds

    def pick(table: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        rows = table[(table["op"] == "mla_decode") & (table["kv_dtype"] == kv_dtype)]
        if device.l2_bytes < LARGE_L2_BYTES:
            return rows
        batch, kv = columns(rows, "batch", "kv_len")
        in_l2 = batch * kv * (LATENT_DIM + ROPE_DIM) * width / device.l2_bytes
        return rows[(in_l2 < 0.05) | (in_l2 > 2)]

    return KernelClass(
        "latent_decode", kv_dtype, LatentDecodeFit, pick, predict, ("heads",),
        start=(0.85, 0.6, 4.0, 8.0, 3.0, 1.0, 3.0, 0.5, 2.0, 0.1, 2.0),
        low=(0.3, 0.05, 0.8, 1.0, 0.01, 0.01, 0.01, 0.01, 1e-3, 1e-3, 0.01),
        high=(MOST_BANDWIDTH, 1.0, 20.0, 40.0, 30.0, 30.0, 40.0, 1.0, 20.0, 2.0, 30.0),
        coordinates=lambda rows: columns(rows, "batch", "kv_len", "heads"),
        scales=(2.0, 2.0, 4.0), centres=400, ridge=0.05,
    )  # fmt: skip


def latent_prefill_class(kv_dtype: str) -> KernelClass:
    """Causal attention of whole prompts over expanded heads, and what puts keys together of their two parts."""

    def predict(fit: PrefillAttentionFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        batch, new, kv, heads = columns(rows, "batch", "q_len", "kv_len", "heads")
        form = PrefillAttentionForm(
            fit, device, heads=heads, kv_heads=heads, head_dim=MEAN_HEAD, math_dtype=device.sixteen_bit(),
            bytes_per_kv=2.0,
        )  # fmt: skip
        pairs = batch * (new * (kv - new) + new * (new + 1) / 2)
        seconds: Floats = form.seconds(batch, batch * new, pairs, batch * kv, batch * np.ceil(new / 128))
        return seconds

    def pick(table: pd.DataFrame, _: HardwareProfile) -> pd.DataFrame:
        return table[(table["op"] == "mla_prefill") & (table["kv_dtype"] == kv_dtype)]

    return KernelClass(
        "latent_prefill", kv_dtype, PrefillAttentionFit, pick, predict, ("heads",),
        start=(0.6, 0.8, 8.0, 1.8, 1.4, 1.5, 5.0, 0.35, 1.2, 0.3, 2.0, 2.0),
        low=(0.1, 0.1, 1.0, 0.7, 1.0, 1e-2, 1e-2, 0.349, 0.5, 1e-3, 0.01, 0.01),
        high=(1.1, 1.2, 40.0, 8.0, 12.0, 20.0, 200.0, 0.351, 2.0, 0.95, 50.0, 20.0),
        choices={"tiles": ATTENTION_TILES},
        coordinates=lambda rows: columns(rows, "batch", "q_len", "kv_len", "heads"),
        scales=(2.0, 2.0, 3.0, 3.0), centres=400, ridge=0.05,
    )  # fmt: skip


def absorbed_class(dtype: str) -> KernelClass:
    """Multiplies of each head by its own matrix, into the latent or out of it."""
    width = _WIDTH[dtype]

    def predict(fit: AbsorbedFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        m, n, k, heads = columns(rows, "m", "n", "k", "heads")
        return np.asarray(
            absorbed_seconds(
                fit, device, heads=heads, m=m, n=n, k=k, math_dtype=device.sixteen_bit(dtype), bytes_per_element=width,
                working_set=width * heads * (m * k + k * n + m * n),
            )
        )  # fmt: skip

    def pick(table: pd.DataFrame, _: HardwareProfile) -> pd.DataFrame:
        return table[(table["op"] == "mla_bmm") & (table["dtype"] == dtype)]

    return KernelClass(
        "absorbed_matmul", dtype, AbsorbedFit, pick, predict, ("heads",),
        start=(0.6, 0.8, 4.0, 2.0, 0.3),
        low=(0.1, 0.2, 0.5, 0.8, 1e-3),
        high=(1.1, 1.1, 20.0, 12.0, 0.95),
        coordinates=lambda rows: columns(rows, "m", "n", "heads"), scales=(2.0, 4.0, 3.0), centres=200, ridge=0.1,
    )  # fmt: skip


_WIDTH = {"bf16": 2.0, "fp8": 1.0}
