"""ResidualFit (layer L2): a compact smooth correction of what the closed form gets wrong.

Regularised least squares on the bumps of ``simulator.hardware.residuals.Residual``: a few hundred centres spread over
the measured shapes by farthest-point choice, weights by ridge regression in the norm of the kernel (subset of
regressors), rows far off counted less (reweighted once). What is stored are weights, not timings.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration.fit.spread import farthest_first
from simulator.hardware.residuals import Residual

Floats = npt.NDArray[np.float64]

ROBUST_SCALE = 0.05
"""Log error beyond which a row loses weight."""

_ROUNDS = 2
_MOST_CANDIDATES = 4000


class ResidualFit:
    """Correction over log2 shapes. ``scales``: length per coordinate, octaves; ``ridge``: weight of smoothness against
    one row's fit; ``clip``: greatest absolute log factor. After ``fit``: ``residual_``."""

    def __init__(self, scales: tuple[float, ...], *, centres: int = 400, ridge: float = 0.2, clip: float = 1.0) -> None:
        self.scales = scales
        self.centres = centres
        self.ridge = ridge
        self.clip = clip

    def fit(self, log2_shapes: Floats, log_ratios: Floats) -> ResidualFit:
        """Learn ``log(measured / form)`` at (n, d) shapes."""
        scales: Floats = np.asarray(self.scales, dtype=np.float64)
        centres: Floats = np.round(spread_out(log2_shapes, scales, self.centres), 2).astype(np.float64)
        ones: Floats = np.ones(len(centres))
        unit = Residual(centres, ones, scales, np.inf)
        bumps, among = unit.bumps(log2_shapes), unit.bumps(centres)
        smooth = self.ridge * among + 1e-8 * np.eye(len(centres))
        target = np.clip(log_ratios, -self.clip, self.clip)
        row_weights = np.ones(len(target))
        for _ in range(_ROUNDS):
            roots = np.sqrt(row_weights)
            weighted = bumps * roots[:, None]
            weights = np.linalg.solve(weighted.T @ weighted + smooth, weighted.T @ (roots * target))
            row_weights = 1 / np.sqrt(1 + ((target - bumps @ weights) / ROBUST_SCALE) ** 2)
        self.residual_ = Residual(centres, np.asarray(weights, dtype=np.float64), scales, self.clip)
        return self

    def predict(self, log2_shapes: Floats) -> Floats:
        """Log factors at (n, d) shapes."""
        return self.residual_.log_factor(log2_shapes)


def spread_out(points: Floats, scales: Floats, count: int) -> Floats:
    """``count`` of the distinct points, each the farthest from those before it in units of ``scales``."""
    distinct = np.unique(points, axis=0)
    if len(distinct) <= count:
        return distinct
    if len(distinct) > _MOST_CANDIDATES:
        distinct = distinct[np.random.default_rng(0).permutation(len(distinct))[:_MOST_CANDIDATES]]
    return distinct[farthest_first(distinct / scales, count)]
