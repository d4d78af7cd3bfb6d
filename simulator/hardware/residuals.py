"""Residuals: what a fitted closed form still gets wrong, as a smooth correction over the logarithms of the shape.

A correction is a sum of Matern-3/2 bumps around a few hundred centres: ``log factor(x) = sum_i w_i k(|x - c_i| / s)``
with ``k(r) = (1 + sqrt(3) r) exp(-sqrt(3) r)`` and one length scale per coordinate. Far from every centre it is zero:
outside the measured shapes the closed form speaks alone. The factor is clipped to a stated range.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

COORDINATES: dict[str, tuple[str, ...]] = {
    "gemm": ("m", "n", "k"),
    "prefill_attention": ("sequences", "new_tokens", "kv_tokens", "heads", "kv_heads", "head_dim"),
    "decode_attention": ("sequences", "kv_tokens", "heads", "kv_heads", "head_dim"),
    "moe": ("tokens", "hidden_size", "intermediate_size", "experts", "experts_per_token"),
    "custom_all_reduce": ("bytes", "world_size"),
    "nccl_all_reduce": ("bytes", "world_size"),
}
"""Kernel class -> coordinates of its correction, all taken as log2. Attention: means per sequence of the call."""

_ROOT3 = 3.0**0.5


@dataclass(frozen=True)
class Residual:
    """One correction. ``centres``: (n, d) log2 shapes; ``weights``: (n,); ``scales``: (d,) log2 units; ``clip``:
    greatest absolute log factor."""

    centres: Floats
    weights: Floats
    scales: Floats
    clip: float

    __hash__ = object.__hash__

    def log_factor(self, log2_shape: Floats) -> Floats:
        """Natural logarithm of (measured / closed form) for shapes of (..., d) log2 coordinates; shape (...)."""
        points = np.asarray(log2_shape, dtype=np.float64)
        total = self.bumps(points.reshape(-1, points.shape[-1])) @ self.weights
        return np.clip(total, -self.clip, self.clip).reshape(points.shape[:-1])

    def bumps(self, log2_shapes: Floats) -> Floats:
        """Every centre's bump at (n, d) shapes; (n, centres)."""
        squared = np.zeros((len(log2_shapes), len(self.centres)))
        for column, scale in enumerate(self.scales):
            squared += ((log2_shapes[:, column, None] - self.centres[None, :, column]) / scale) ** 2
        distance = _ROOT3 * np.sqrt(squared)
        return (1.0 + distance) * np.exp(-distance)


def read_residuals(path: Path) -> Mapping[tuple[str, str], Residual]:
    """``(kernel class, number format or "") -> Residual`` of a ``<device>.residuals.json`` file; empty without one."""
    if not path.is_file():
        return {}
    document: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["residuals"]
    return {
        (part, dtype): Residual(
            np.asarray(entry["centres"], dtype=np.float64),
            np.asarray(entry["weights"], dtype=np.float64),
            np.asarray(entry["scales"], dtype=np.float64),
            float(entry["clip"]),
        )
        for part, formats in document.items()
        for dtype, entry in formats.items()
    }
