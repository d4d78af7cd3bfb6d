"""Fit an engine's host terms to measured runs, in sample and with one model after the other held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.engine_fit.gauss_newton import Linear, Say, fit
from calibration.engine_fit.observations import Observation, observations
from calibration.engine_fit.parameters import Vector, vector_of
from calibration.engine_fit.simulations import Simulations
from simulator.cost.engine_profile import EngineProfile
from simulator.models.spec import ModelSpec
from simulator.validation.case import Case


@dataclass(frozen=True)
class EngineFit:
    """What a fit found.

    ``values``: the terms, in ``PARAMETERS``' order and units. ``folds``: model -> terms fitted without its runs; empty
    when nothing was held out. ``observed``: what was fitted to. ``in_sample``, ``held_out``: signed errors (%) of the
    observations, from simulations with ``values`` and with the fold of each one's model.
    """

    values: Vector
    folds: Mapping[str, Vector]
    observed: Sequence[Observation]
    in_sample: Vector
    held_out: Vector | None

    def range(self) -> tuple[Vector, Vector]:
        """Least and greatest value of every term over the folds and the fit itself."""
        every = np.stack([self.values, *self.folds.values()])
        return every.min(axis=0), every.max(axis=0)


def fit_engine(
    cases: Sequence[Case],
    models: Mapping[str, ModelSpec],
    profile: EngineProfile,
    *,
    hold_out: bool = True,
    max_steps: int = 2,
    workers: int | None = None,
    say: Say = lambda text: None,
) -> EngineFit:
    """Fit the terms of ``profile`` to the cases, starting from what they are.

    ``hold_out``: also fit without each model. A fold starts from the lines of the fit: the held-out model's rows are
    dropped from residuals and Jacobian and the linear problem is solved to its end, so its runs enter the fold's answer
    only through the place the derivatives were taken at. Its error is then simulated, not read off the line.

    Raises ``Unsupported`` for a case that cannot be modelled.
    """
    simulations = Simulations(cases, models, workers)
    observed = observations(cases)
    line = fit(simulations, observed, vector_of(profile), max_steps=max_steps, say=say)
    in_sample = _signed_errors(observed, line.residuals)
    if not hold_out:
        return EngineFit(line.values, {}, observed, in_sample, None)
    folds = {model: _without(model, line, observed) for model in dict.fromkeys(one.model for one in observed)}
    say(f"simulating each model with the terms of the {len(folds)} fits without it")
    figures = simulations.figures_apart([folds.get(case.model, line.values) for case in cases])
    held_out = np.array([100.0 * (figures[one.case][one.metric] / one.measured - 1.0) for one in observed])
    return EngineFit(line.values, folds, observed, in_sample, held_out)


def _without(model: str, line: Linear, observed: Sequence[Observation]) -> Vector:
    return line.only(np.array([one.model != model for one in observed])).minimum()


def _signed_errors(observed: Sequence[Observation], residuals: Vector) -> Vector:
    weights = np.array([one.weight for one in observed])
    return 100.0 * np.expm1(residuals / weights)
