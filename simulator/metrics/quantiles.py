"""Quantiles of weighted samples, exact and without expanding the weights.

A sample is a value with a whole-number count. Its quantiles are those of the multiset in which each value stands
``count`` times, by numpy's ``linear`` rule (position ``q * (N - 1)``, interpolated): the same answer as
``np.quantile(np.repeat(values, counts), q)``, for millions of values that stand for thousands of millions of gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.integer[Any]]

_KEY_SHIFT = 42
"""Float64 bits dropped to make a bucket key: 10 mantissa bits stay, so a bucket is 0.1 % wide."""

_SMALLEST = 1e-9
"""Values below share the first bucket; it bounds the number of buckets."""


class WeightedSamples:
    """Chunks of non-negative values with counts; chunks are never joined, so the extra memory is one chunk's.

    Values are put into buckets by their leading bits; only the few buckets a quantile falls into are sorted, which
    makes it O(n) instead of O(n log n) and exact all the same.
    """

    def __init__(self, chunks: Iterable[tuple[Floats, Counts]]) -> None:
        self._chunks = [chunk for chunk in map(_without_zeros, chunks) if len(chunk[0])]
        self.count = sum(int(counts.sum(dtype=np.int64)) for _, counts in self._chunks)

    def mean(self) -> float | None:
        """Weighted mean, or None without samples."""
        if not self.count:
            return None
        return sum(weighted_sum(values, counts) for values, counts in self._chunks) / self.count

    def std(self) -> float | None:
        """Population standard deviation (numpy's default, as ``vllm bench serve`` prints it), or None."""
        mean = self.mean()
        if mean is None:
            return None
        squares = sum(weighted_sum((values - mean) ** 2, counts) for values, counts in self._chunks)
        return float(np.sqrt(squares / self.count))

    def quantiles(self, probabilities: Sequence[float]) -> list[float] | None:
        """Values at the given probabilities (0..1), or None without samples."""
        if not self.count:
            return None
        last = self.count - 1
        positions = [probability * last for probability in probabilities]
        ranks = np.unique([rank for p in positions for rank in (int(p), min(int(p) + 1, last))])
        at = dict(zip(ranks.tolist(), self._values_at(ranks).tolist(), strict=True))
        return [_lerp(at[int(p)], at[min(int(p) + 1, last)], p - int(p)) for p in positions]

    def cdf(self, points: int) -> tuple[Floats, Floats]:
        """``(values, probabilities)`` at ``points`` evenly spread probabilities; empty without samples."""
        probabilities = np.linspace(0.0, 1.0, points)
        values = self.quantiles(probabilities.tolist())
        return (np.array([]), np.array([])) if values is None else (np.array(values), probabilities)

    def _values_at(self, ranks: npt.NDArray[np.int64]) -> Floats:
        """The values at 0-based ``ranks`` (ascending) of the expanded, sorted multiset."""
        totals = self._bucket_totals()
        ends = np.cumsum(totals)
        buckets = np.searchsorted(ends, ranks, side="right")
        wanted = np.zeros(len(totals), dtype=bool)
        wanted[buckets] = True
        values, counts = self._gather(wanted)
        # Ranks among the gathered values: less what stands in the buckets below that were left out.
        left_out = (ends - np.cumsum(np.where(wanted, totals, 0)))[buckets]
        return values[np.searchsorted(np.cumsum(counts), ranks - left_out, side="right")]

    def _bucket_totals(self) -> npt.NDArray[np.int64]:
        top = max(int(_bucket_of(values.max(keepdims=True))[0]) for values, _ in self._chunks)
        # bincount adds in float64: exact up to 2**53 samples.
        totals = np.zeros(top + 1)
        for values, counts in self._chunks:
            totals += np.bincount(_bucket_of(values), weights=counts, minlength=top + 1)
        return totals.astype(np.int64)

    def _gather(self, wanted: npt.NDArray[np.bool_]) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Values (sorted) and counts of the wanted buckets."""
        masks = [wanted[_bucket_of(values)] for values, _ in self._chunks]
        values = np.concatenate([chunk[0][mask] for chunk, mask in zip(self._chunks, masks, strict=True)])
        counts = np.concatenate([chunk[1][mask] for chunk, mask in zip(self._chunks, masks, strict=True)])
        order = np.argsort(values, kind="stable")
        return values[order], counts[order].astype(np.int64)


def weighted_sum(values: npt.NDArray[Any], weights: npt.NDArray[Any]) -> float:
    """Sum of values times weights. Not ``np.dot``: BLAS splits it over threads, and the last bits with it."""
    return float((values * weights).sum())


def _without_zeros(chunk: tuple[Floats, Counts]) -> tuple[Floats, Counts]:
    values, counts = chunk
    kept = counts > 0
    return chunk if kept.all() else (values[kept], counts[kept])


def _bucket_of(values: Floats) -> npt.NDArray[np.int64]:
    # The bit patterns of non-negative IEEE doubles order as the numbers do.
    first = int(np.float64(_SMALLEST).view(np.int64)) >> _KEY_SHIFT
    return (np.maximum(values, _SMALLEST).view(np.int64) >> _KEY_SHIFT) - first


def _lerp(low: float, high: float, t: float) -> float:
    # numpy's own form, so that equal inputs give equal bits.
    return low + (high - low) * t if t < 0.5 else high - (high - low) * (1.0 - t)
