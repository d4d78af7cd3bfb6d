"""FactorGrid: a correction factor tabulated at knots of the sizes that change from step to step.

Residuals are smooth over the logarithm of a shape, and evaluating one takes hundreds of exponentials. For a layer, with
its weights or heads fixed, the factor is therefore found once at some knots, and read by linear interpolation in the
sizes themselves; beyond the knots it stays what it is at the last one.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

Sizes = Any
Floats = npt.NDArray[np.float64]


def octaves(last: int) -> Floats:
    """1, 2, 4, ... 2^last."""
    return np.exp2(np.arange(last + 1, dtype=np.float64))


def half_octaves(last: int) -> Floats:
    """1, 1.5, 2, 3, 4, 6, ... 2^last: knot ``2 e + h`` is ``2^e (1 + h / 2)``."""
    knots = np.outer(octaves(last), (1.0, 1.5)).ravel()
    return knots[:-1]


class FactorGrid:
    """Factors at the knots of one to three axes. ``values``: one dimension per axis."""

    def __init__(self, axes: tuple[Floats, ...], values: Floats) -> None:
        self.axes = axes
        self.values = values

    def at(self, *sizes: Sizes) -> Sizes:
        """The factor at given sizes, one number or array for each axis; arrays broadcast."""
        places = [_place(axis, size) for axis, size in zip(self.axes, sizes, strict=True)]
        total: Sizes = 0.0
        for corner in product((0, 1), repeat=len(places)):
            weight: Sizes = 1.0
            for (_, share), upper in zip(places, corner, strict=True):
                weight = weight * (share if upper else 1.0 - share)
            total = total + weight * self.values[tuple(i + upper for (i, _), upper in zip(places, corner, strict=True))]
        return total


def _place(axis: Floats, size: Sizes) -> tuple[Sizes, Sizes]:
    """Index of the knot below, and the share of the way to the next one."""
    inside = np.clip(size, axis[0], axis[-1])
    index = np.clip(np.searchsorted(axis, inside, side="right") - 1, 0, len(axis) - 2)
    return index, (inside - axis[index]) / (axis[index + 1] - axis[index])


def held(factors: Floats, least_ratio: Floats) -> Floats:
    """Factors that fall no faster along the last axis than ``least_ratio`` (one less entry) from knot to knot.

    Keeps corrected times from falling where closed-form times rise.
    """
    kept = np.array(factors)
    for i in range(1, kept.shape[-1]):
        np.maximum(kept[..., i], kept[..., i - 1] * least_ratio[..., i - 1], out=kept[..., i])
    return kept


def rising(closed: Floats) -> Floats:
    """``least_ratio`` under which corrected times rise from knot to knot, where the closed form (seconds at the knots)
    does."""
    return np.asarray(np.minimum(1.0, closed[..., :-1] / closed[..., 1:]))


def rising_between(closed: Floats, slope_step: Floats) -> Floats:
    """``least_ratio`` under which a closed form times a factor linear between knots rises everywhere.

    ``slope_step``: (.., knots - 1) least slope of the closed form between a knot and the next, times their distance.
    The derivative of the product is nowhere below ``p f1 + c1 (f1 - f0) / dx``, which is made 0 at least.
    """
    upper = closed[..., 1:]
    return np.asarray(upper / (upper + slope_step))
