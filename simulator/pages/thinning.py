"""Fewer points of a long column, without losing what it shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]


def cell_means(values: Floats, most: int, weights: Floats | None = None) -> list[float]:
    """Means of ``most`` equal stretches of a (n,) column, weighted; the column itself when it is no longer.

    A stretch without weight is 0, as a mean over no steps is in the time series.
    """
    if len(values) <= most:
        return [float(value) for value in values]
    parts = np.array_split(np.asarray(values, dtype=float), most)
    if weights is None:
        return [float(part.mean()) for part in parts]
    sums = [(part * weight, weight) for part, weight in zip(parts, np.array_split(weights, most), strict=True)]
    return [float(part.sum() / weight.sum()) if weight.sum() > 0 else 0.0 for part, weight in sums]


def evenly(count: int, most: int) -> list[int]:
    """Places of at most ``most`` of ``count`` rows, first and last among them."""
    if count <= most:
        return list(range(count))
    return [int(place) for place in np.unique(np.linspace(0, count - 1, most).round())]
