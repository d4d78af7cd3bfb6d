"""Fit a profile's numbers to recorded requests: a short quantile table, and how far it is off."""

from __future__ import annotations

import numpy as np

from simulator.errors import InputError
from simulator.workload.lengths import QuantileLength
from simulator.workload.table import FloatColumn, IntColumn

_LEAST_LEVEL_STEP = 1e-6
"""Levels are written with six decimals and must differ; a jump of the distribution is one step wide."""


def fit_quantiles(tokens: IntColumn, tolerance: float = 0.004) -> QuantileLength:
    """Quantile table of whole-number lengths with few levels and the mean of the sample.

    The knots are a subset of the empirical distribution's corners ``(F(v), v + 1/2)``, through which drawing and
    rounding would reproduce the sample exactly. Corners are dropped as long as the interpolated distribution stays
    within ``tolerance`` of the empirical one, and within a tenth of the remaining probability (and two requests) in the
    upper tail, where a mean is made (Douglas and Peucker 1973, distance measured in probability). The levels are then
    bent by ``c F (1 - F)`` with the small ``c`` that restores the mean.

    Raises ``InputError`` when there are no lengths.
    """
    if not len(tokens):
        raise InputError("needs at least one request to fit")
    edges, corner_levels = _corners(tokens)
    allowed = np.minimum(tolerance, 0.1 * (1 - corner_levels) + 2 / len(tokens))
    kept = _simplify(edges, corner_levels, allowed)
    values, levels = np.maximum(edges[kept], 1.0), corner_levels[kept]
    # The mean is the integral of 1 - F over tokens, so raising F by c w lowers it by c times the integral of w.
    weight = levels * (1 - levels)
    excess = _mean(levels, values) - float(tokens.mean())
    lowered_by = float(np.sum(np.diff(values) * (weight[1:] + weight[:-1]) / 2))
    if lowered_by:
        levels = levels + excess / lowered_by * weight
    return QuantileLength(tuple(_written(levels).tolist()), tuple(values.tolist()))


def distribution_mean(table: QuantileLength) -> float:
    """Mean of the interpolated distribution (before rounding), in tokens."""
    return _mean(np.asarray(table.levels), np.asarray(table.values))


def ks_distance(table: QuantileLength, tokens: IntColumn) -> float:
    """Kolmogorov-Smirnov distance of what the table draws, rounded, from a sample of whole numbers."""
    values, counts = np.unique(tokens, return_counts=True)
    empirical = np.cumsum(counts) / len(tokens)
    below = np.concatenate(([0.0], empirical[:-1]))
    upper = np.interp(values + 0.5, table.values, table.levels)
    lower = np.interp(values - 0.5, table.values, table.levels, left=0.0)
    return float(max(np.abs(upper - empirical).max(), np.abs(lower - below).max()))


def _mean(levels: FloatColumn, values: FloatColumn) -> float:
    return float(np.sum(np.diff(levels) * (values[1:] + values[:-1]) / 2))


def _written(levels: FloatColumn) -> FloatColumn:
    """Levels with six decimals, strictly rising from 0 to 1."""
    steps = _LEAST_LEVEL_STEP * np.arange(len(levels))
    rising = np.maximum.accumulate(np.round(levels, 6) - steps) + steps
    return np.round(np.minimum(rising, 1 - steps[::-1]), 6)


def _corners(tokens: IntColumn) -> tuple[FloatColumn, FloatColumn]:
    """Corners of the empirical distribution: token edges ``v +- 1/2`` and the share of requests below them."""
    values, counts = np.unique(tokens, return_counts=True)
    share = np.cumsum(counts) / len(tokens)
    edges = np.column_stack((values - 0.5, values + 0.5)).ravel()
    levels = np.column_stack((np.concatenate(([0.0], share[:-1])), share)).ravel()
    distinct = np.concatenate(([True], np.diff(edges) > 0))
    return edges[distinct], levels[distinct]


def _simplify(x: FloatColumn, y: FloatColumn, allowed: FloatColumn) -> IntColumn:
    """Indices of the points to keep so that the polyline through them stays within ``allowed`` of every ``y``."""
    kept = {0, len(x) - 1}
    pending = [(0, len(x) - 1)]
    while pending:
        first, last = pending.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        line = y[first] + (y[last] - y[first]) * (x[inner] - x[first]) / (x[last] - x[first])
        excess = np.abs(line - y[inner]) / allowed[inner]
        worst = first + 1 + int(np.argmax(excess))
        if excess[worst - first - 1] > 1:
            kept.add(worst)
            pending += [(first, worst), (worst, last)]
    return np.array(sorted(kept), dtype=np.int64)
