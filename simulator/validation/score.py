"""Predicted against measured: one ``Score`` per case and metric, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.models.spec import ModelSpec
from simulator.validation.case import Case
from simulator.validation.predict import CasePrediction, predict
from simulator.validation.unsupported import Unsupported


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


def score_cases(
    cases: Iterable[Case], models: Mapping[str, ModelSpec], on_case: Callable[[Case], None] | None = None
) -> list[CaseResult]:
    """Simulate and score every case, in order; ``on_case`` is called before each."""
    results = []
    for case in cases:
        if on_case is not None:
            on_case(case)
        results.append(score_case(case, models))
    return results


def score_case(case: Case, models: Mapping[str, ModelSpec]) -> CaseResult:
    """One case."""
    try:
        prediction = predict(case, models)
    except Unsupported as reason:
        return CaseResult(case, unsupported=str(reason))
    figures = prediction.nominal.figures
    scored = [metric for metric in case.measured if case.scores(metric) and metric in figures]
    scores = tuple(
        Score(
            case.id,
            case.group,
            case.quality,
            metric,
            figures[metric],
            case.measured[metric],
            *prediction.bounds(metric),
        )
        for metric in scored
    )
    return CaseResult(case, prediction, scores, _request_ape(prediction))


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
