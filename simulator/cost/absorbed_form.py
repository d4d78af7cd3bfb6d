"""Kernel class of the batched multiplies around absorbed latent attention: one small matrix per head."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.cost.kernels import US, from_memory, p_norm
from simulator.hardware.latent_fits import AbsorbedFit
from simulator.hardware.profile import HardwareProfile

Sizes = Any


def absorbed_seconds(
    fit: AbsorbedFit,
    device: HardwareProfile,
    *,
    heads: Sizes,
    m: Sizes,
    n: Sizes,
    k: Sizes,
    math_dtype: str,
    bytes_per_element: float,
    working_set: Sizes = np.inf,
) -> Sizes:
    """``heads`` multiplies (m x k) by (k x n), one launch.

    ``t = t0 + pn(2 h m n k / (ec P), b h (m k + k n + m n) / (em BW); p)``
    ``working_set``: bytes that pass between two uses of the matrices (``kernels.from_memory``).
    """
    compute = 2.0 * heads * m * n * k / (fit.math_share * device.peak(math_dtype))
    moved = bytes_per_element * heads * (m * k + k * n + m * n)
    moved = moved * from_memory(fit.cached_share, working_set, device.l2_bytes)
    memory = moved / (fit.memory_share * device.memory_bytes_per_s)
    return fit.latency_us * US + p_norm(compute, memory, fit.sharpness)
