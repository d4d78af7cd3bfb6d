"""A step cost off by a factor: what a run looks like when the cost model errs all in one direction."""

from __future__ import annotations

from simulator.cost.step_cost import StepCost
from simulator.operators.features import StepFeatures


class ScaledStepCost:
    """Every step takes ``factor`` times as long as ``cost`` says."""

    def __init__(self, cost: StepCost, factor: float) -> None:
        self._cost = cost
        self._factor = factor

    def seconds(self, features: StepFeatures) -> float:
        """As ``StepCost.seconds``."""
        return self._factor * self._cost.seconds(features)
