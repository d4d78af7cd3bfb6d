"""BorrowedResidualFit (layer L2 from few rows): a correction made of other devices' and a little of its own.

A Gaussian process on the logarithm of measured / form. Its covariance is the sum of the bumps' own (what is peculiar to
the device) and of the products of the relatives' corrections (what devices have in common: a dispatch rule, a tile
menu). Few rows decide how much of each relative's correction holds here; where they say nothing of it, it stays out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.fit.kernel_class import Floats
from calibration.fit.relatives import Relative
from calibration.fit.residual_fit import ResidualFit
from simulator.hardware.residuals import Residual

OWN_SPREAD = 0.1
"""Standard deviation of the log factor that is the device's own."""

BORROWED_SPREAD = 0.17
"""Standard deviation of the weight of one relative's correction, around none."""

NOISE = 0.05
"""Standard deviation of a row's log time around any smooth curve; rows beyond twice as much count less."""

_ROUNDS = 3
_MOST_POINTS = 3000
_STIFFNESS = 0.01


class BorrowedResidualFit:
    """``relatives`` lend corrections (those that have one); ``scales``, ``centres`` and ``clip`` as in ``ResidualFit``.

    The four scales above were chosen on six devices and six kernel classes, each device learning from other generations
    only. After ``fit``: ``residual_``.
    """

    def __init__(
        self, relatives: Sequence[Relative], scales: tuple[float, ...], *, centres: int = 400, clip: float = 1.0
    ) -> None:
        self.relatives = relatives
        self.scales = scales
        self.centres = centres
        self.clip = clip

    def fit(self, log2_shapes: Floats, log_ratios: Floats) -> BorrowedResidualFit:
        """Learn ``log(measured / form)`` at (n, d) shapes; a few dozen will do."""
        lent = [one.residual for one in self.relatives if one.residual is not None]
        features = _features(lent, log2_shapes)
        unit = Residual(log2_shapes, np.ones(len(log2_shapes)), np.asarray(self.scales), self.clip)
        covariance = OWN_SPREAD**2 * unit.bumps(log2_shapes) + BORROWED_SPREAD**2 * features @ features.T
        target = np.clip(log_ratios, -self.clip, self.clip)
        row_weights = np.ones(len(target))
        for _ in range(_ROUNDS):
            dual = np.linalg.solve(covariance + np.diag(NOISE**2 / row_weights), target)
            row_weights = 1 / np.sqrt(1 + ((target - covariance @ dual) / (2 * NOISE)) ** 2)
        points = _some(np.concatenate([log2_shapes, *(one.centres for one in lent)]))
        own = OWN_SPREAD**2 * unit.bumps(points) @ dual
        borrowed = BORROWED_SPREAD**2 * _features(lent, points) @ (features.T @ dual)
        one_sum = ResidualFit(self.scales, centres=self.centres, ridge=_STIFFNESS, clip=self.clip)
        self.residual_ = one_sum.fit(points, own + borrowed).residual_
        return self

    def predict(self, log2_shapes: Floats) -> Floats:
        """Log factors at (n, d) shapes."""
        return self.residual_.log_factor(log2_shapes)


def _features(lent: Sequence[Residual], log2_shapes: Floats) -> Floats:
    """Every lent correction's log factor at (n, d) shapes; (n, corrections)."""
    columns = [one.log_factor(log2_shapes) for one in lent]
    return np.column_stack(columns) if columns else np.zeros((len(log2_shapes), 0))


def _some(points: Floats) -> Floats:
    """At most so many distinct points as a sum of bumps is fitted to in a second."""
    distinct = np.unique(points, axis=0)
    if len(distinct) <= _MOST_POINTS:
        return distinct
    return distinct[np.random.default_rng(0).permutation(len(distinct))[:_MOST_POINTS]]
