"""Residuals: what a fitted closed form still gets wrong, as a smooth correction over the logarithms of the shape.

A correction is a sum of Matern-3/2 bumps around a few hundred centres: ``log factor(x) = sum_i w_i k(|x - c_i| / s)``
with ``k(r) = (1 + sqrt(3) r) exp(-sqrt(3) r)`` and one length scale per coordinate. Far from every centre it is zero:
outside the measured shapes the closed form speaks alone. The factor is clipped to a stated range.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.errors import InputError, did_you_mean

Floats = npt.NDArray[np.float64]

COORDINATES: dict[str, tuple[str, ...]] = {
    "gemm": ("m", "n", "k"),
    "prefill_attention": ("sequences", "new_tokens", "kv_tokens", "heads", "kv_heads", "head_dim"),
    "decode_attention": ("sequences", "kv_tokens", "heads", "kv_heads", "head_dim"),
    "moe": ("tokens", "hidden_size", "intermediate_size", "experts", "experts_per_token"),
    "custom_all_reduce": ("bytes", "world_size"),
    "nccl_all_reduce": ("bytes", "world_size"),
    "latent_decode": ("sequences", "kv_tokens", "heads"),
    "latent_prefill": ("sequences", "new_tokens", "kv_tokens", "heads"),
    "absorbed_matmul": ("m", "n", "heads"),
    "weight_only_gemm": ("m", "n", "k"),
    "weight_only_moe": ("tokens", "hidden_size", "intermediate_size", "experts", "experts_per_token"),
}
"""Kernel class -> coordinates of its correction, all taken as log2. Attention: means per sequence of the call."""

_ROOT3 = 3.0**0.5


@dataclass(frozen=True, eq=False)
class Residual:
    """One correction. ``centres``: (n, d) log2 shapes; ``weights``: (n,); ``scales``: (d,) log2 units; ``clip``:
    greatest absolute log factor."""

    centres: Floats
    weights: Floats
    scales: Floats
    clip: float

    def log_factor(self, log2_shape: Floats) -> Floats:
        """Natural logarithm of (measured / closed form) for shapes of (..., d) log2 coordinates; shape (...)."""
        points = np.asarray(log2_shape, dtype=np.float64)
        total = _sums(self, points.shape[-1], points.tobytes())
        return np.clip(total, -self.clip, self.clip).reshape(points.shape[:-1])

    def bumps(self, log2_shapes: Floats) -> Floats:
        """Every centre's bump at (n, d) shapes; (n, centres)."""
        squared = np.zeros((len(log2_shapes), len(self.centres)))
        for column, scale in enumerate(self.scales):
            apart = np.subtract.outer(log2_shapes[:, column] / scale, self.centres[:, column] / scale)
            squared += np.square(apart, out=apart)
        distance = np.sqrt(squared, out=squared)
        distance *= _ROOT3
        bump = np.exp(-distance)
        return np.multiply(bump, np.add(distance, 1.0, out=distance), out=bump)


@lru_cache(maxsize=64)
def _sums(residual: Residual, coordinates: int, points: bytes) -> Floats:
    """Weighted sums of the bumps at packed (n, d) points. Kept, since a fit of host terms asks for the same layers in
    every one of its hundreds of simulations."""
    return residual.bumps(np.frombuffer(points).reshape(-1, coordinates)) @ residual.weights


def read_residuals(path: Path) -> Mapping[tuple[str, str], Residual]:
    """``(kernel class, number format or "") -> Residual`` of a ``<device>.residuals.json`` file; empty without one.

    ``InputError`` for a file that is not whole, or holds other shapes or numbers than a correction has.
    """
    if not path.is_file():
        return {}
    try:
        document: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["residuals"]
        entries = [(part, dtype, entry) for part, formats in document.items() for dtype, entry in formats.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"is not a whole file of corrections: {error}", file=path, hint=_REMEDY) from None
    return {(part, dtype): _checked(path, part, dtype, entry) for part, dtype, entry in entries}


_REMEDY = "inferplan calibrate fit writes it beside the constants"


def _checked(path: Path, part: str, dtype: str, entry: Mapping[str, Any]) -> Residual:
    """A correction whose arrays fit each other and the kernel class; finite throughout."""
    place = f"residuals.{part}.{dtype}" if dtype else f"residuals.{part}"
    if part not in COORDINATES:
        raise InputError(
            f"is no kernel class with a correction; known: {', '.join(COORDINATES)}", file=path, path=place,
            hint=did_you_mean(part, COORDINATES),
        )  # fmt: skip
    try:
        centres, weights, scales = (np.asarray(entry[key], np.float64) for key in ("centres", "weights", "scales"))
        clip = float(entry["clip"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"is no correction: {error}", file=path, path=place, hint=_REMEDY) from None
    axes = len(COORDINATES[part])
    if centres.shape != (len(weights), axes) or weights.ndim != 1 or scales.shape != (axes,) or not len(weights):
        raise InputError(
            f"must have n centres of {axes} coordinates, n weights and {axes} scales", file=path, path=place,
            value=f"{centres.shape}, {weights.shape}, {scales.shape}", hint=_REMEDY,
        )  # fmt: skip
    if not all(np.isfinite(numbers).all() for numbers in (centres, weights, scales)) or not 0 < clip <= _MOST_CLIP:
        raise InputError(
            f"must hold finite numbers, and a clip above 0 and at most {_MOST_CLIP:g}", file=path, path=place,
            hint=_REMEDY,
        )  # fmt: skip
    if not (scales > 0).all():
        raise InputError("must have scales above 0", file=path, path=place, hint=_REMEDY)
    return Residual(centres, weights, scales, clip)


_MOST_CLIP = 5.0
"""Greatest log factor a file may allow (148 times): a form that far off needs new constants, no correction."""
