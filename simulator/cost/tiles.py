"""Tiles of a matrix multiply: which shapes a library launches, and how long the thread blocks (CTAs) that compute them
run.

cuBLAS picks the best of many shapes, and splits k over idle SMs where few tiles leave them so. vLLM's CUTLASS kernels
for 8-bit formats dispatch on the number of rows alone (``csrc/quantization/w8a8/cutlass``) and never split: on Hopper,
clusters of two 128-row tiles share an operand, so that the 257th row of a multiply starts two new tiles. A rule is a
list of shapes with the range of rows each one serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.hardware.kernel_constants import GemmFit
from simulator.hardware.profile import HardwareProfile

Sizes = Any

_ANY = float("inf")


@dataclass(frozen=True)
class Tile:
    """``rows`` x ``columns`` of the output that ``ctas`` thread blocks compute together, ``above`` < m <= ``up_to``."""

    rows: int
    columns: int
    ctas: int = 1
    above: float = 0
    up_to: float = _ANY


@dataclass(frozen=True)
class Rule:
    """Shapes a library picks from, and whether it splits k where they leave SMs idle."""

    tiles: tuple[Tile, ...]
    splits: bool = False


_LARGEST = (256, 256)
"""Shape that no library of these kernels is built with: its accumulators would fill the register file."""

_CUBLAS = tuple(
    Tile(rows, columns) for rows in (64, 128, 256) for columns in (64, 128, 256) if (rows, columns) != _LARGEST
)

_RULES: dict[str, Rule] = {
    "best": Rule(_CUBLAS, splits=True),
    "cutlass-sm90": Rule(
        (Tile(64, 64, up_to=64), Tile(64, 128, above=64, up_to=128), Tile(256, 128, ctas=2, above=128))
    ),
    "cutlass-sm100": Rule((Tile(64, 64, up_to=64), Tile(128, 128, above=64, up_to=128), Tile(256, 128, above=128))),
    "cutlass-sm89": Rule(
        (
            Tile(16, 64, up_to=16),
            Tile(32, 64, above=16, up_to=32),
            Tile(64, 64, above=32, up_to=64),
            Tile(64, 128, above=64, up_to=128),
            Tile(128, 64, above=128, up_to=256),
            Tile(128, 128, above=256),
        )
    ),
}

_VECTOR_UNITS = Rule((Tile(1, 1),))
"""A processor's vector units pad no rows: one row takes the time of one row."""

_STEP_DEPTH = 128.0
"""Elements along k of one step of a tile's walk."""

_LEAST_PART = 2 * _STEP_DEPTH
"""Depth of the smallest part k is split into."""

_STEP_SHARPNESS = 4.0
"""Exponent of the p-norm that joins a step's math and its latency: 1 (one after the other) and infinity (the longer
one) both describe the timed rows less well."""


def tiled_seconds(
    fit: GemmFit, device: HardwareProfile, m: Sizes, n: Sizes, k: Sizes, *, math_dtype: str
) -> tuple[Sizes, Sizes]:
    """Seconds the tiles of an (m x k) by (k x n) multiply take with their operands at hand, and the CTAs of the grid.

    A CTA walks along k in steps of 128: ``step = pn(tile math / SM's rate * (1 + edges), step_ns; 4)``. The device runs
    them in waves: ``W = max(u, 1 / lone_speed)`` of u CTAs per SM, times ``(ceil(W)/W)^wave_exponent``. Where u < 1,
    k may be split into 1/u parts that fill the SMs, at ``split_us`` more. The least over the shapes counts that the
    library may launch at this m.
    """
    rule = _VECTOR_UNITS if device.kind == "cpu" else _RULES[fit.tiles]
    rate_per_sm = fit.math_share * device.peak(math_dtype) / device.multiprocessors
    best_s: Sizes = np.inf
    best_ctas: Sizes = 1.0
    for tile in rule.tiles:
        ctas = np.ceil(m / tile.rows) * np.ceil(n / tile.columns) * tile.ctas
        per_sm = ctas / device.multiprocessors
        edges = 1 + fit.edge_rows * (tile.ctas / tile.rows + 1 / tile.columns)
        math_s = 2 * _STEP_DEPTH * tile.rows * tile.columns / tile.ctas / rate_per_sm * edges
        step_s = (math_s**_STEP_SHARPNESS + (fit.step_ns * 1e-9) ** _STEP_SHARPNESS) ** (1 / _STEP_SHARPNESS)
        walk_s, start_s = step_s * k / _STEP_DEPTH, math_s * fit.half_depth / _STEP_DEPTH
        waves = np.maximum(per_sm, 1 / fit.lone_speed)
        seconds = waves * (np.ceil(waves) / waves) ** fit.wave_exponent * (walk_s + start_s)
        if rule.splits:
            parts = np.maximum(1.0, np.minimum(1 / per_sm, k / _LEAST_PART))
            split_s = walk_s / parts + start_s + fit.split_us * 1e-6
            splits = (per_sm < 1) & (split_s < seconds)
            seconds, ctas = np.where(splits, split_s, seconds), np.where(splits, ctas * parts, ctas)
        better = (m > tile.above) & (m <= tile.up_to) & (seconds < best_s)
        best_ctas = np.where(better, ctas, best_ctas)
        best_s = np.where(better, seconds, best_s)
    return best_s, best_ctas
