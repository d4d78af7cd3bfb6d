"""Predicted against measured: one ``Score`` per case and metric, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.cost.uncertainty import BandTerms, load_band_terms
from simulator.models.spec import ModelSpec
from simulator.validation.case import Case
from simulator.validation.host_terms import HOST_TERMS
from simulator.validation.predict import CasePrediction, predict
from simulator.validation.unsupported import Unsupported
from simulator.validation.workers import map_tasks


@dataclass(frozen=True)
class Score:
    """One metric of one case. ``predicted``, ``measured``, ``low``, ``high``: in the unit the metric's name says."""

    case_id: str
    group: str
    quality: str
    metric: str
    predicted: float
    measured: float
    low: float
    high: float

    @property
    def ape(self) -> float:
        """Absolute percentage error."""
        return abs(self.signed)

    @property
    def signed(self) -> float:
        """Signed percentage error, > 0 = predicted too much."""
        return 100.0 * (self.predicted / self.measured - 1.0)

    @property
    def inside(self) -> bool:
        """Whether the measurement lies in the band."""
        return self.low <= self.measured <= self.high


@dataclass(frozen=True)
class CaseResult:
    """What came of one case: its prediction and scores, or ``unsupported`` with the reason.

    ``request_ape``: median absolute percentage error of single requests over the scored rows, by latency.
    """

    case: Case
    prediction: CasePrediction | None = None
    scores: tuple[Score, ...] = ()
    request_ape: Mapping[str, float] = field(default_factory=dict)
    unsupported: str | None = None


@dataclass(frozen=True)
class ScoreCase:
    """What scores one case, to be sent to another process: ``terms`` names the host terms (``HOST_TERMS``)."""

    models: Mapping[str, ModelSpec]
    terms: str
    with_band: bool
    band_terms: BandTerms

    def __call__(self, case: Case) -> CaseResult:
        try:
            band_terms = self.band_terms if self.with_band else None
            prediction = predict(case, self.models, host_terms=HOST_TERMS[self.terms], band_terms=band_terms)
        except Unsupported as reason:
            return CaseResult(case, unsupported=str(reason))
        figures = prediction.nominal.figures
        scored = [metric for metric in case.measured if case.scores(metric) and metric in figures]
        scores = tuple(self._score(case, metric, prediction) for metric in scored)
        single = _request_ape(prediction)
        if not scores and not single:
            return CaseResult(case, unsupported="none of its measurements is of a metric that is scored")
        return CaseResult(case, prediction, scores, single)

    def _score(self, case: Case, metric: str, prediction: CasePrediction) -> Score:
        predicted, measured = prediction.nominal.figures[metric], case.measured[metric]
        bounds = prediction.bounds(metric, self.band_terms)
        return Score(case.id, case.group, case.quality, metric, predicted, measured, *bounds)


def score_cases(
    cases: Sequence[Case],
    models: Mapping[str, ModelSpec],
    *,
    terms: str = "fitted",
    with_band: bool = True,
    workers: int | None = 1,
    on_case: Callable[[Case], None] | None = None,
) -> list[CaseResult]:
    """Simulate and score every case, in order, on ``workers`` processes (None = one per CPU).

    ``on_case`` is called with each case when its result is there.
    """
    results = []
    for result in map_tasks(ScoreCase(models, terms, with_band, load_band_terms()), cases, workers):
        if on_case is not None:
            on_case(result.case)
        results.append(result)
    return results


def all_scores(results: Sequence[CaseResult]) -> list[Score]:
    """Scores of all cases, in their order."""
    return [score for result in results for score in result.scores]


def _request_ape(prediction: CasePrediction) -> dict[str, float]:
    nominal = prediction.nominal
    found = {}
    for name, measured in nominal.requests.measured.items():
        predicted = nominal.latencies_ms[name]
        both = nominal.requests.scored & np.isfinite(measured) & np.isfinite(predicted) & (measured > 0)
        if both.any():
            found[name] = float(np.median(100.0 * np.abs(predicted[both] / measured[both] - 1.0)))
    return found
