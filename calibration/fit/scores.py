"""Scores of predictions against measurements: relative errors, 80 % bands and how good they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.fit.kernel_class import Floats

NOMINAL_COVERAGE = 0.8


@dataclass(frozen=True)
class Errors:
    """``median`` and ``p90`` of the absolute relative error ``|predicted / measured - 1|``."""

    median: float
    p90: float


@dataclass(frozen=True)
class Band:
    """80 % band of measured / predicted of one kernel."""

    low: float
    high: float


@dataclass(frozen=True)
class BandScore:
    """``coverage``: share of held-out rows inside; ``width``: median width over the prediction; ``interval_score``:
    mean width plus 10 times what lies outside, over the measured value (Gneiting and Raftery 2007, 80 % interval)."""

    coverage: float
    width: float
    interval_score: float


def errors(log_ratios: Floats) -> Errors:
    """Errors of rows with ``log(measured / predicted)``."""
    absolute = np.abs(np.exp(-log_ratios) - 1)
    return Errors(float(np.median(absolute)), float(np.quantile(absolute, 0.9)))


def band_of(log_ratios: Floats) -> Band:
    """Central 80 % of measured / predicted."""
    low, high = np.exp(np.quantile(log_ratios, [0.1, 0.9]))
    return Band(float(low), float(high))


def band_score(log_ratios: Floats, folds: npt.NDArray[np.int64]) -> BandScore:
    """Score of bands taken from the other folds' held-out rows: no row sees a band it helped to set."""
    ratios, low, high = np.exp(log_ratios), np.empty(len(log_ratios)), np.empty(len(log_ratios))
    for fold in np.unique(folds):
        band = band_of(log_ratios[folds != fold])
        low[folds == fold], high[folds == fold] = band.low, band.high
    outside = np.maximum(low - ratios, 0) + np.maximum(ratios - high, 0)
    score = (high - low + 2 / (1 - NOMINAL_COVERAGE) * outside) / ratios
    return BandScore(float(np.mean(outside == 0)), float(np.median(high - low)), float(np.mean(score)))
