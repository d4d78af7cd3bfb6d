"""Tiles of a matrix multiply: which shapes a library launches, and what padding and partial waves cost them.

cuBLAS picks the best of many shapes. vLLM's CUTLASS kernels for 8-bit formats dispatch on the number of rows alone
(``csrc/quantization/w8a8/cutlass``): on Hopper, clusters of two 128-row tiles share an operand, so that the 257th row
of a multiply starts two new tiles. A rule is a list of shapes with the range of rows each one serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.hardware.fits import GemmFit
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


_RULES: dict[str, tuple[Tile, ...]] = {
    "best": tuple(Tile(rows, columns) for rows in (64, 128, 256) for columns in (64, 128, 256)),
    "cutlass-sm90": (Tile(64, 64, up_to=64), Tile(64, 128, above=64, up_to=128), Tile(256, 128, ctas=2, above=128)),
    "cutlass-sm100": (Tile(64, 64, up_to=64), Tile(128, 128, above=64, up_to=128), Tile(256, 128, above=128)),
    "cutlass-sm89": (
        Tile(16, 64, up_to=16),
        Tile(32, 64, above=16, up_to=32),
        Tile(64, 64, above=32, up_to=64),
        Tile(64, 128, above=64, up_to=128),
        Tile(128, 64, above=128, up_to=256),
        Tile(128, 128, above=256),
    ),
}

_VECTOR_UNITS = (Tile(1, 1),)
"""A processor's vector units pad no rows: one row takes the time of one row."""


def partial_wave(units: Sizes, multiprocessors: int) -> Sizes:
    """Time lost to the last, partly filled wave: ``ceil(u)/u`` for u = units per SM."""
    per_sm = units / multiprocessors
    return np.ceil(per_sm) / per_sm


def tile_loss(fit: GemmFit, device: HardwareProfile, m: Sizes, n: Sizes) -> tuple[Sizes, Sizes]:
    """Factor on the math time of an (m x n) output, and the CTAs of its grid.

    The factor is padding times wave loss times the cost of loading a tile's two edges, the least over the shapes that
    the library may launch at this m.
    """
    best_loss: Sizes = np.inf
    best_ctas: Sizes = 1.0
    for tile in _VECTOR_UNITS if device.kind == "cpu" else _RULES[fit.tiles]:
        grid = np.ceil(m / tile.rows) * np.ceil(n / tile.columns)
        ctas = grid * tile.ctas * fit.split_k
        padding = tile.rows * tile.columns * grid / (m * n)
        edges = 1 + fit.edge_rows * (tile.ctas / tile.rows + 1 / tile.columns)
        loss = padding * edges * partial_wave(ctas, device.multiprocessors) ** fit.wave_exponent
        better = (m > tile.above) & (m <= tile.up_to) & (loss < best_loss)
        best_ctas = np.where(better, ctas, best_ctas)
        best_loss = np.where(better, loss, best_loss)
    return best_loss, best_ctas
