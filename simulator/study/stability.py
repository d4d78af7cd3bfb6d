"""Is a server keeping up? A drift test on the number of requests inside it.

A queue is stable when requests finish as fast as they come. In a run that shows as no trend of the number in the system
that arriving requests see; behind a saturated server it rises by ``1 - capacity / rate`` per arrival. The trend is the
least-squares slope over batch means of the second half of the arrivals (the first half fills the system), and its
standard error comes from what the line leaves over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]

STABLE = "stable"
"""Name of the goal every open loop has: requests finish as fast as they come."""

BATCHES = 10
"""Batch means a trend is fitted to; 8 degrees of freedom."""

FEWEST = 10 * BATCHES
"""Arrivals below which nothing is said."""

T99, T999 = 2.896, 4.501
"""Student's t for 8 degrees of freedom: one-sided 99 % and 99.9 %."""

TOLERATED = 0.05
"""Share of the arrivals by which the backlog may grow: a trend below is as good as none in a run of finite length."""


@dataclass(frozen=True)
class Drift:
    """Requests by which the number in the system grows per arrival, with its standard error."""

    slope: float
    error: float

    def grows(self, t: float = T99) -> bool:
        """Beyond the tolerated share, and more than chance explains."""
        return self.slope > TOLERATED and self.slope > t * self.error

    def flat(self, t: float = T999) -> bool:
        """The trend is certainly below the tolerated share."""
        return self.slope + t * self.error < TOLERATED


def backlog_drift(arrival_s: Floats, finish_s: Floats, *, filled: float = 1.0) -> Drift | None:
    """The drift over the second half of the arrivals; (n,) seconds each, NaN for what has not happened.

    None while the run cannot tell: too few arrivals, no span of time, or not yet ``filled`` times the mean time in the
    system before the half begins (while a system fills, its backlog grows whatever the load).
    """
    order = np.argsort(arrival_s, kind="stable")  # NaN last
    arrival, finish = arrival_s[order], finish_s[order]
    sent = int(np.count_nonzero(np.isfinite(arrival)))
    # What finishes after the last arrival is left out, so that a saturated queue is not taken for a slow server.
    done = finish <= arrival[sent - 1] if sent else np.zeros(0, dtype=bool)
    if sent < FEWEST or not done.any():
        return None
    half = sent // 2
    stay_s = float((finish[done] - arrival[done]).mean())
    if arrival[half] - arrival[0] <= filled * stay_s or arrival[sent - 1] <= arrival[half]:
        return None
    inside = np.arange(half, sent) - np.searchsorted(np.sort(finish[done]), arrival[half:sent], side="right")
    return _trend(inside.astype(np.float64))


def _trend(levels: Floats) -> Drift:
    size = len(levels) // BATCHES
    means = levels[len(levels) - size * BATCHES :].reshape(BATCHES, size).mean(axis=1)
    place = size * (np.arange(BATCHES) - (BATCHES - 1) / 2)
    spread = float((place**2).sum())
    slope = float((place * means).sum()) / spread
    rest = means - means.mean() - slope * place
    return Drift(slope, float(np.sqrt((rest**2).sum() / (BATCHES - 2) / spread)))
