"""The numbers of a ``FactorGrid`` for plain floats, in the hot loop: no search, the knots follow from the exponent.

Sizes below 1 do not occur: every sequence attends at least to itself.
"""

from __future__ import annotations

from math import frexp

import numpy as np

from simulator.cost.factor_grid import FactorGrid

_PIECES = 128
"""Pieces of a row, for sizes up to 2^64."""


class DecodePieces(dict[int, list[tuple[float, float]]]):
    """Rows of a decode grid, by number of sequences, made when first asked for.

    A row lists ``(offset, slope)`` of the factor over the mean KV per sequence, one piece for each half octave: piece
    ``2 e - 2 + (f >= 0.75)`` for ``f 2^e = mean KV`` with f in [0.5, 1), as ``frexp`` gives them.
    """

    def __init__(self, grid: FactorGrid) -> None:
        super().__init__()
        self._grid = grid

    def __missing__(self, sequences: int) -> list[tuple[float, float]]:
        knots = self._grid.axes[1]
        row = np.asarray(self._grid.at(float(sequences), knots))
        slopes = np.diff(row) / np.diff(knots)
        offsets = row[:-1] - slopes * knots[:-1]
        pieces = list(zip(offsets.tolist(), slopes.tolist(), strict=True))
        pieces += [(float(row[-1]), 0.0)] * (_PIECES - len(pieces))
        self[sequences] = pieces
        return pieces

    def at(self, sequences: int, mean_kv: float) -> float:
        """The factor of one call."""
        share, octave = frexp(mean_kv)
        offset, slope = self[sequences][2 * octave - 2 + (share >= 0.75)]
        return offset + slope * mean_kv


class PrefillFactors:
    """A prefill grid over octaves of sequences, new tokens per sequence, and KV tokens per new token."""

    def __init__(self, grid: FactorGrid) -> None:
        self._last = [len(axis) - 1 for axis in grid.axes]
        self._across = len(grid.axes[2])
        self._plane = len(grid.axes[1]) * self._across
        self._values: list[float] = grid.values.ravel().tolist()

    def at(self, sequences: int, tokens: int, kv_tokens: int) -> float:
        """The factor of one call over so many chunks, their new tokens and KV tokens in all."""
        last_sequences, last_tokens, last_ratio = self._last
        i, x = _knot(sequences, last_sequences)
        j, y = _knot(tokens / sequences, last_tokens)
        first = i * self._plane + j * self._across
        if kv_tokens == tokens:
            return self._between(first, x, y)
        k, z = _knot(kv_tokens / tokens, last_ratio)
        return (1.0 - z) * self._between(first + k, x, y) + z * self._between(first + k + 1, x, y)

    def _between(self, first: int, x: float, y: float) -> float:
        values, across, plane = self._values, self._across, self._plane
        near = (1.0 - y) * values[first] + y * values[first + across]
        far = (1.0 - y) * values[first + plane] + y * values[first + plane + across]
        return (1.0 - x) * near + x * far


def _knot(size: float, last: int) -> tuple[int, float]:
    """The octave below a size, and the share of the way to the next one."""
    share, octave = frexp(size)
    return (octave - 1, 2.0 * share - 1.0) if octave <= last else (last - 1, 1.0)
