"""Simulate one case: the prediction, and how far it moves when every step is as wrong as the cost model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.cost.deployment import Deployment
from simulator.cost.uncertainty import BandTerms, Factors, delivery_band, step_band
from simulator.metrics.logs import FINISHED
from simulator.metrics.step_mix import step_mix
from simulator.metrics.work import OperatorShare, operator_shares
from simulator.models.spec import ModelSpec
from simulator.validation.bands import metric_bounds
from simulator.validation.case import Case
from simulator.validation.host_terms import HostTerms, fitted
from simulator.validation.prepared import Prediction, ScaledCost, prepare
from simulator.validation.unsupported import Unsupported


@dataclass(frozen=True)
class CasePrediction:
    """The prediction, and how far each figure moves with every step at the low and high factor of ``step_factors``.

    ``spans``: metric -> least and greatest value of the three runs; ``parts``: what the run's mean step consists of.
    Both are empty when no band was asked for. ``deployment``: what ran.
    """

    nominal: Prediction
    spans: Mapping[str, tuple[float, float]]
    step_factors: Factors
    deployment: Deployment
    parts: tuple[OperatorShare, ...] = ()

    def bounds(self, metric: str, terms: BandTerms) -> tuple[float, float]:
        """``(low, high)`` of a metric's 80 % band."""
        return metric_bounds(metric, self.nominal.figures, self.spans, terms)


def predict(
    case: Case,
    models: Mapping[str, ModelSpec],
    *,
    host_terms: HostTerms = fitted,
    band_terms: BandTerms | None = None,
) -> CasePrediction:
    """Simulate a case three times, once without ``band_terms``. Raises ``Unsupported`` when it cannot be modelled.

    The band is the cost model's own statement about the mean step of the run (``cost.uncertainty``). It goes through
    the scheduler, so that a queue answers to it; the delivery of first tokens moves along.
    """
    prepared = prepare(case, models)
    prepared = prepared.with_engine(host_terms(case, prepared.engine))
    cost = prepared.cost()
    outcome = prepared.simulate(cost)
    if not (outcome.request_log.column("status") == FINISHED).any():
        reason = next(iter(outcome.request_log.refusals.values()), "nothing finished")
        raise Unsupported(f"every request was refused: {reason}")
    nominal = prepared.prediction(outcome)
    deployment = prepared.setup.deployment
    if band_terms is None:
        return CasePrediction(nominal, {}, (1.0, 1.0), deployment)
    parts = operator_shares(deployment, step_mix(outcome.step_logs))
    factors = step_band(deployment, parts, band_terms)
    runs = [nominal.figures]
    for factor, delivery_s in zip(factors, delivery_band(prepared.engine), strict=True):
        runs.append(prepared.prediction(prepared.simulate(ScaledCost(cost, factor), delivery_s)).figures)
    return CasePrediction(nominal, _spans(runs), factors, deployment, tuple(parts))


def _spans(runs: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    found = {metric: [run[metric] for run in runs if metric in run] for metric in runs[0]}
    return {metric: (min(values), max(values)) for metric, values in found.items()}
