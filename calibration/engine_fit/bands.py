"""The width of 80 % bands, from errors of runs whose model was held out of the fit of host terms.

A band's half width is the root of the sum of squares of two parts: how far the metric moves when the kernels and host
terms of a step err as stated (``simulator.cost.uncertainty``), and the metric's own discrepancy. Two numbers are
fitted: ``kernel_coherence``, the share of single kernels' errors that all kernels of a deployment have in common, to
metrics of whole streams; then the discrepancy of first tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.cost.uncertainty import BandTerms, TimedPart, step_band
from simulator.validation.band_quality import LEVEL, pooled_means
from simulator.validation.bands import discrepancy_of
from simulator.validation.score import CaseResult

COHERENCES = tuple(round(0.05 * step, 2) for step in range(2, 21))
"""Values tried for ``kernel_coherence``. Not below a tenth: kernels of one class share a library build and clocks, and
errors without anything in common would average out over a deployment whatever their size, on devices hardly measured
too."""


@dataclass(frozen=True)
class HeldOutValue:
    """One held-out measurement.

    ``error``: measured / predicted - 1. ``spans``: relative half width of the cost model's own band on that side, >= 0,
    one for each of ``COHERENCES``.
    """

    model: str
    metric: str
    error: float
    spans: tuple[float, ...]

    @property
    def first_token(self) -> bool:
        """Whether it is about first tokens."""
        return discrepancy_of(self.metric) == "ttft"


@dataclass(frozen=True)
class BandFit:
    """``coherence`` and ``ttft``: what was fitted. ``n``: values. ``coverage``: share inside. ``crossed``: share inside
    when one half of the models sets both and the other half is counted, both ways round; NaN with a single model."""

    coherence: float
    ttft: float
    n: int
    coverage: float
    crossed: float


def held_out_values(results: Sequence[CaseResult], terms: BandTerms) -> list[HeldOutValue]:
    """Mean metrics and throughput of cases of quality A and B, whose bands were simulated with ``terms``.

    Other coherences are not simulated again: near the simulated one a span grows with the width of the step's band.
    Whoever ends up far from the coherence on file fits again.
    """
    found = []
    for result in results:
        prediction = result.prediction
        if prediction is None:
            continue
        bands = [_step_widths(result, replace(terms, kernel_coherence=one)) for one in COHERENCES]
        for score in pooled_means(result.scores):
            error = score.measured / score.predicted - 1.0
            side = 1 if error > 0 else 0
            edge = prediction.spans[score.metric][side]
            span = abs(edge / score.predicted - 1.0) / abs(prediction.step_factors[side] - 1.0)
            spans = tuple(span * widths[side] for widths in bands)
            found.append(HeldOutValue(result.case.model, score.metric, error, spans))
    return found


def _step_widths(result: CaseResult, terms: BandTerms) -> tuple[float, float]:
    assert result.prediction is not None
    parts: Sequence[TimedPart] = result.prediction.parts
    low, high = step_band(result.prediction.deployment, parts, terms)
    return 1.0 - low, high - 1.0


def fit_bands(values: Sequence[HeldOutValue], terms: BandTerms) -> BandFit:
    """Coherence and first-token discrepancy that put ``LEVEL`` of the values inside; the other terms stay."""
    coherence, ttft = _widths(values, terms)
    covered = _coverage(values, coherence, ttft, terms)
    return BandFit(coherence, ttft, len(values), covered, _crossed(values, terms))


def _widths(values: Sequence[HeldOutValue], terms: BandTerms) -> tuple[float, float]:
    streams = [value for value in values if not value.first_token]
    first = [value for value in values if value.first_token]
    enough = (one for one in COHERENCES if _coverage(streams, one, 0.0, terms) >= LEVEL)
    coherence = next(enough, COHERENCES[-1])
    place = COHERENCES.index(coherence)
    return coherence, smallest_width([(value.error, value.spans[place]) for value in first])


def smallest_width(errors_and_spans: Sequence[tuple[float, float]]) -> float:
    """Least discrepancy that puts ``LEVEL`` of the errors inside: the quantile of ``error**2 - span**2``, with the
    split-conformal correction ``(n + 1) / n``; 0 without an error."""
    missing = sorted(error**2 - span**2 for error, span in errors_and_spans)
    if not missing:
        return 0.0
    rank = min(len(missing), math.ceil((len(missing) + 1) * LEVEL))
    return math.sqrt(max(0.0, missing[rank - 1]))


def _coverage(values: Sequence[HeldOutValue], coherence: float, ttft: float, terms: BandTerms) -> float:
    place = COHERENCES.index(coherence)
    own = {**terms.metrics, "ttft": ttft}
    inside = [abs(one.error) <= math.hypot(one.spans[place], own[discrepancy_of(one.metric)]) for one in values]
    return float(np.mean(inside)) if inside else 1.0


def _crossed(values: Sequence[HeldOutValue], terms: BandTerms) -> float:
    models = sorted({value.model for value in values})
    halves = [[value for value in values if models.index(value.model) % 2 == side] for side in (0, 1)]
    if not all(halves):
        return float("nan")
    pairs = zip(halves, reversed(halves), strict=True)
    inside = [_coverage(counted, *_widths(fitted, terms), terms) * len(counted) for fitted, counted in pairs]
    return sum(inside) / len(values)
