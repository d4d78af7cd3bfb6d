"""Confidence intervals: over independent seeds, and by batch means inside one run.

Both are Student-t intervals for a mean: ``mean +- t(0.975, n - 1) * s / sqrt(n)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
"""Level of every interval printed."""

BATCHES = 20
"""Batches of the batch-means interval; 10 to 30 is the usual advice (Schmeiser 1982)."""

MIN_BATCH = 50
"""Requests a batch needs at least: shorter ones are too correlated for the interval to mean anything."""


def t_interval(samples: Sequence[float] | npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Interval for the mean of independent samples; None for fewer than two."""
    values = np.asarray(samples, dtype=np.float64)
    n = len(values)
    if n < 2:
        return None
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * float(values.std(ddof=1)) / float(np.sqrt(n))
    mean = float(values.mean())
    return mean - half, mean + half


def batch_means_interval(values: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Interval for the mean of one run's correlated values, in the order they happened.

    The run is cut into ``BATCHES`` equal batches (the remainder at the start is left out, where the system fills);
    their means are nearly independent. None when a batch would hold fewer than ``MIN_BATCH`` values.
    """
    size = len(values) // BATCHES
    if size < MIN_BATCH:
        return None
    return t_interval(values[len(values) - size * BATCHES :].reshape(BATCHES, size).mean(axis=1))


def over_seeds(summaries: Sequence[dict[str, object]], without: frozenset[str] = frozenset()) -> dict[str, list[float]]:
    """95 % interval ``[low, high]`` of every fraction the summaries share.

    Counts, text, missing values and the keys of ``without`` have none.
    """
    intervals: dict[str, list[float]] = {}
    for key in summaries[0]:
        values = [summary.get(key) for summary in summaries]
        numbers = [value for value in values if isinstance(value, float)]
        interval = t_interval(numbers) if len(numbers) == len(values) and key not in without else None
        if interval is not None:
            intervals[key] = list(interval)
    return intervals
