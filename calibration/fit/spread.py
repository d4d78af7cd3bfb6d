"""Few of many shapes, spread evenly: each next one is the farthest from all before it (Gonzalez 1985)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.fit.kernel_class import KernelClass

Floats = npt.NDArray[np.float64]


def farthest_first(points: Floats, count: int, first: int = 0) -> list[int]:
    """Indices of ``count`` (at most all) of the (n, d) points, in the order they are taken."""
    nearest = np.full(len(points), np.inf)
    chosen = [first]
    while len(chosen) < min(count, len(points)):
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(nearest.argmax()))
    return chosen


def spread_rows(spec: KernelClass, rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """``count`` rows of a class (all, where there are no more) that fill its space of shapes, times unseen.

    What a sweep would time with so small a budget (``calibration.measure.sampling``): distances are those of the
    correction, octaves over its length scales. The first row is the most central one.
    """
    if len(rows) <= count:
        return rows
    if spec.coordinates is None:
        return rows.sample(count, random_state=1)
    points = spec.log2_shapes(rows) / np.asarray(spec.scales)
    central = int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())
    return rows.iloc[sorted(farthest_first(points, count, central))]
