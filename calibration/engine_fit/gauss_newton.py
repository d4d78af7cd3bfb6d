"""Regularised robust Gauss-Newton: Jacobian by simulating again with every term a little larger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.engine_fit.observations import Observation, weighted_residuals
from calibration.engine_fit.parameters import Vector, largest, priors
from calibration.engine_fit.simulations import Figures, Simulations

Matrix = npt.NDArray[np.float64]
Say = Callable[[str], None]

_SOFT = 1.5
"""Residual, in standard deviations, from which an observation counts less (soft L1)."""

_LARGEST_MOVE = 2.0
"""A step goes no further than this many prior standard deviations: so far the straight line is trusted."""


@dataclass(frozen=True)
class Linear:
    """The runs near ``values``, as straight lines: ``residuals`` (n,) there and ``jacobian`` (n, parameters)."""

    values: Vector
    residuals: Vector
    jacobian: Matrix

    def only(self, rows: npt.NDArray[np.bool_]) -> Linear:
        """Some of the observations alone."""
        return Linear(self.values, self.residuals[rows], self.jacobian[rows])

    def minimum(self) -> Vector:
        """Terms from 0 to their largest value with the least objective along the lines, within ``_LARGEST_MOVE`` of
        ``values``."""
        from scipy.optimize import least_squares

        expected, sigma = priors()
        low = np.maximum(0.0, self.values - _LARGEST_MOVE * sigma)
        high = np.minimum(largest(), self.values + _LARGEST_MOVE * sigma)

        def residuals(scaled: Vector) -> Vector:
            values = scaled * sigma
            data = self.residuals + self.jacobian @ (values - self.values)
            return np.concatenate([data, (values - expected) / sigma])

        # Bounds a hair apart from the start: the solver wants an interior point.
        start = np.clip(self.values, low + 1e-9 * sigma, high - 1e-9 * sigma)
        found = least_squares(
            residuals, start / sigma, bounds=(low / sigma, high / sigma), loss="soft_l1", f_scale=_SOFT
        )
        return np.asarray(found.x * sigma, dtype=np.float64)


def objective(values: Vector, residuals: Vector) -> float:
    """What is minimised: soft L1 of the weighted residuals and of the distances to the priors, in sigmas."""
    expected, sigma = priors()
    every = np.concatenate([residuals, (values - expected) / sigma])
    return float(_SOFT**2 * np.sum(np.sqrt(1.0 + (every / _SOFT) ** 2) - 1.0))


def linearised(
    simulations: Simulations, observed: Sequence[Observation], values: Vector, figures: list[Figures]
) -> Linear:
    """Residuals at ``values`` (whose ``figures`` are known) and their derivatives."""
    columns = []
    for slopes in simulations.derivatives(values):
        columns.append([one.weight * slopes[one.case].get(one.metric, 0.0) for one in observed])
    return Linear(values, weighted_residuals(observed, figures), np.array(columns).T)


def fit(
    simulations: Simulations, observed: Sequence[Observation], start: Vector, *, max_steps: int, say: Say
) -> Linear:
    """Minimise the objective from ``start``; returns the runs near the minimum, as lines.

    Every step solves the linear problem and simulates its answer; one that does not help is halved, at most twice. Ends
    after ``max_steps``, or when a step gains less than half a percent.
    """
    values = start
    figures = simulations.figures(values)
    best = objective(values, weighted_residuals(observed, figures))
    say(f"start: objective {best:.2f}")
    line = linearised(simulations, observed, values, figures)
    for step in range(1, max_steps + 1):
        target, share = line.minimum(), 1.0
        for _ in range(3):
            tried = values + share * (target - values)
            tried_figures = simulations.figures(tried)
            reached = objective(tried, weighted_residuals(observed, tried_figures))
            if reached < best:
                break
            share /= 2
        else:
            say(f"step {step}: no better point along the line")
            return line
        gain, best, values, figures = best - reached, reached, tried, tried_figures
        say(f"step {step}: objective {best:.2f}")
        if gain < 0.005 * best or step == max_steps:
            # The lines of the last Jacobian, moved to the minimum: it has hardly changed on the way.
            return Linear(values, weighted_residuals(observed, figures), line.jacobian)
        line = linearised(simulations, observed, values, figures)
    return line
