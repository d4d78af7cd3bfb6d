"""A random forest over one feature, in closed form.

Vidur predicts each kernel with scikit-learn random forests whose only feature is the number of tokens. A fully grown
tree over one feature answers with its nearest training point, and a bootstrap sample leaves any given point out with
probability 1/e. The mean over many trees is therefore a fixed weighted mean of the nearest points: the nearest is used
unless it was left out, then the second, and so on, with weights (1 - 1/e) e^-j.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NEIGHBOURS = 12
"""Points looked at; those beyond have a weight of e^-12 together."""


class BaggedNearest:
    """The limit of many bagged, fully grown regression trees over one feature.

    ``x``, ``y``: (n,) training points in any order; points of equal ``x`` are averaged, as a leaf does.
    """

    def __init__(self, x: Floats, y: Floats) -> None:
        if len(x) == 0:
            raise ValueError("no training points")
        self._x, inverse = np.unique(x, return_inverse=True)
        self._y = np.bincount(inverse, weights=y) / np.bincount(inverse)
        count = min(NEIGHBOURS, len(self._x))
        weights = np.exp(-np.arange(count, dtype=np.float64))
        self._weights = weights / weights.sum()

    def __call__(self, query: float) -> float:
        """The prediction at one point; the smaller of two equally near points comes first."""
        count = len(self._weights)
        middle = int(np.searchsorted(self._x, query))
        low, high = max(0, middle - count), min(len(self._x), middle + count)
        near = np.argsort(np.abs(self._x[low:high] - query), kind="stable")[:count]
        return math.fsum((self._y[low:high][near] * self._weights).tolist())
