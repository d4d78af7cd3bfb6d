"""Residuals of every kernel class around the shapes of common layers: strong, uneven, nothing like a real fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.cost.deployment import Deployment
from simulator.hardware.residuals import COORDINATES, Residual

_RANGES = {
    "gemm": ((0, 14), (10, 17), (10, 15)),
    "prefill_attention": ((0, 6), (4, 14), (4, 15), (2, 6), (0, 4), (6, 8)),
    "decode_attention": ((0, 9), (0, 15), (2, 6), (0, 4), (6, 8)),
    "moe": ((0, 13), (11, 13), (9, 14), (3, 8), (0, 3)),
    "custom_all_reduce": ((8, 27), (1, 3)),
    "nccl_all_reduce": ((8, 30), (1, 3)),
    "latent_decode": ((0, 9), (0, 15), (2, 7)),
    "latent_prefill": ((0, 6), (4, 14), (4, 15), (2, 7)),
    "absorbed_matmul": ((0, 10), (7, 9), (2, 7)),
    "weight_only_gemm": ((0, 14), (10, 17), (10, 15)),
    "weight_only_moe": ((0, 13), (11, 13), (9, 14), (3, 8), (0, 3)),
}
"""Kernel class -> range of each log2 coordinate."""

_FORMATS = {
    "custom_all_reduce": ("",),
    "nccl_all_reduce": ("",),
    "weight_only_gemm": ("int4",),
    "weight_only_moe": ("int4", "mxfp4"),
}
"""Formats of the classes whose keys are not those of activations."""


def made_up_residuals(dtypes: tuple[str, ...] = ("bf16", "fp8"), centres: int = 150) -> dict[tuple[str, str], Residual]:
    """``KernelFits.residuals`` with factors of about 0.7 to 1.4."""
    residuals = {}
    for seed, part in enumerate(COORDINATES):
        rng = np.random.default_rng(seed)
        low, high = np.array(_RANGES[part], dtype=float).T
        for dtype in _FORMATS.get(part, dtypes):
            places = rng.uniform(low, high, (centres, len(low)))
            weights = rng.normal(0.0, 0.5, centres)
            residuals[part, dtype] = Residual(places, weights, np.full(len(low), 1.5), clip=0.4)
    return residuals


def corrected(deployment: Deployment, centres: int = 150) -> Deployment:
    """The deployment on a device with made-up residuals."""
    return replace(deployment, fits=replace(deployment.fits, residuals=made_up_residuals(centres=centres)))
