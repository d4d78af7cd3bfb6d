"""Fit an arrival process to recorded times: windows with their own rates, and how bursty gaps are within them."""

from __future__ import annotations

import math

import numpy as np

from simulator.workload.arrivals import Arrivals, GammaArrivals, OfflineArrivals
from simulator.workload.rate_curves import WindowedArrivals
from simulator.workload.table import FloatColumn

NUMBERS_OF_WINDOWS = (240, 480, 960, 1920)
"""Equal windows tried over the whole recording: of an hour, from 15 s down to 2 s."""

NEARLY_POISSON_CV = 1.5
"""Windows are short enough when the gaps left within them vary no more than this (coefficient of variation)."""

LEAST_REQUESTS_PER_WINDOW = 5
"""On average: below, the counts would retrace the recording instead of summing it up."""

FEWEST_WINDOWS = 4


def fit_arrivals(arrival_s: FloatColumn) -> Arrivals:
    """A process with the rate and the burstiness of sorted times.

    Rates are the counts of equal windows, as long as the traffic within them looks nearly Poisson; what burstiness is
    left becomes the gamma shape of the gaps, measured on the clock on which every window has the same rate (time
    rescaling: Brown et al. 2002). Too few requests for ``FEWEST_WINDOWS``: one gamma process. All at once: offline.
    """
    n, span_s = len(arrival_s), float(arrival_s[-1] - arrival_s[0])
    if span_s == 0:
        return OfflineArrivals()
    since_s = arrival_s - arrival_s[0]
    most_windows = n // LEAST_REQUESTS_PER_WINDOW
    if most_windows < FEWEST_WINDOWS:
        return _gamma(np.diff(since_s), (n - 1) / span_s)
    for windows in NUMBERS_OF_WINDOWS:
        process, cv = _windows(since_s, min(windows, most_windows))
        if cv <= NEARLY_POISSON_CV:
            break
    return process


def _windows(since_s: FloatColumn, windows: int) -> tuple[WindowedArrivals, float]:
    """The process with so many windows, and the coefficient of variation of its rescaled gaps."""
    window_s = float(since_s[-1]) / windows
    place = since_s / window_s
    window = np.minimum(place.astype(np.int64), windows - 1)  # the last request closes the last window
    counts = np.bincount(window, minlength=windows)
    before = np.cumsum(counts) - counts
    rescaled = before[window] + counts[window] * (place - window)
    gaps = np.diff(rescaled)
    cv = float(gaps.std() / gaps.mean())
    rates = tuple(float(f"{count / window_s:.6g}") for count in counts)
    return WindowedArrivals(window_s, rates, burstiness=_shape(cv)), cv


def _gamma(gaps_s: FloatColumn, rate_per_s: float) -> GammaArrivals:
    return GammaArrivals(rate_per_s, _shape(float(gaps_s.std() * rate_per_s)))


def _shape(cv: float) -> float:
    """Gamma shape for a coefficient of variation; gaps nearly equal get a large one."""
    return float(f"{min(1e6, 1 / max(cv * cv, 1e-6)):.4g}") if math.isfinite(cv) else 1.0
