"""Are 80 % bands worth their name: share of measurements inside, width, and the interval score that weighs both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.validation.score import Score

LEVEL = 0.8
"""Share of measurements a band is meant to hold."""


@dataclass(frozen=True)
class BandQuality:
    """Over ``n`` values.

    ``coverage``: share inside; ``width``: median full width (% of the prediction); ``score``: mean interval score (%),
    the lower the better.
    """

    n: int
    coverage: float
    width: float
    score: float

    @classmethod
    def of(cls, scores: Sequence[Score]) -> BandQuality:
        """Of one or more scores whose bands were simulated."""
        return cls(
            len(scores),
            float(np.mean([score.inside for score in scores])),
            float(np.median([100.0 * (score.high - score.low) / score.predicted for score in scores])),
            100.0 * float(np.mean([interval_score(score.low, score.high, score.measured) for score in scores])),
        )


def interval_score(low: float, high: float, measured: float, level: float = LEVEL) -> float:
    """Winkler's interval score on natural logarithms: ``width + 2 / (1 - level) * distance outside``.

    A proper score (Gneiting & Raftery 2007, eq. 43): in expectation least for the true quantiles, so that neither
    narrow nor wide bands win. ``low``, ``high``, ``measured`` > 0 in one unit.
    """
    below, above = math.log(low / measured), math.log(measured / high)
    return math.log(high / low) + 2.0 / (1.0 - level) * max(0.0, below, above)


def pooled_means(scores: Sequence[Score]) -> list[Score]:
    """What coverage is judged on: mean metrics and throughput of cases of quality A and B."""
    return [
        score
        for score in scores
        if score.quality in ("A", "B") and score.metric.endswith(("_mean_ms", "_s", "_time_ms"))
    ]
