"""What is fitted to: mean TPOT, TTFT and latency of measured runs, each with the weight it deserves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.engine_fit.parameters import Vector
from simulator.validation.case import Case


@dataclass(frozen=True)
class Noise:
    """Standard deviations of log(predicted / measured): ``run``, from one run to the next (replicates of one set-up
    scatter so); ``model``, shared by all runs of one model, whose kernels are mistimed together."""

    run: float
    model: float


NOISE: dict[str, Noise] = {
    "tpot_mean_ms": Noise(run=0.012, model=0.02),
    "ttft_mean_ms": Noise(run=0.03, model=0.04),
    "e2e_mean_ms": Noise(run=0.03, model=0.06),
}
"""Latency is nearly TPOT over again, hence its small weight."""


@dataclass(frozen=True)
class Observation:
    """One metric of one case (``case``: its place in the list). ``weight``: 1 / standard deviation."""

    case: int
    model: str
    metric: str
    measured: float
    weight: float


def observations(cases: Sequence[Case]) -> list[Observation]:
    """Every metric worth scoring. However many runs a model has, together they weigh as much as its own error allows:
    the variance of each is ``run**2 + runs * model**2``, that of a random effect's mean."""
    usable = [
        (index, case, metric)
        for index, case in enumerate(cases)
        for metric in NOISE
        if metric in case.measured and case.scores(metric)
    ]
    runs = Counter((case.model, metric) for _, case, metric in usable)
    found = []
    for index, case, metric in usable:
        noise, count = NOISE[metric], runs[case.model, metric]
        weight = (noise.run**2 + count * noise.model**2) ** -0.5
        found.append(Observation(index, case.model, metric, case.measured[metric], weight))
    return found


def weighted_residuals(observed: Sequence[Observation], figures: Sequence[dict[str, float]]) -> Vector:
    """``weight * log(predicted / measured)``, (n,); ``figures``: metric -> value of every case."""
    return np.array([one.weight * np.log(figures[one.case][one.metric] / one.measured) for one in observed])
