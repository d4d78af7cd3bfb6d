"""Pareto frontier of two metrics, and its knee."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.sweeping.metrics import Better

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Frontier:
    """``rows``: indices of the points no other point beats in both metrics, from the best in x to the best in y.

    ``knee``: the one of them furthest from the straight line between the frontier's ends, None where no point lies
    beyond that line.
    """

    rows: tuple[int, ...]
    knee: int | None


def frontier(x: Sequence[float], y: Sequence[float], better_x: Better, better_y: Better) -> Frontier:
    """Of points ``(x, y)``; NaN is never on it. Of equal points the first stands for all."""
    gain_x, gain_y = _gain(x, better_x), _gain(y, better_y)
    usable = np.flatnonzero(np.isfinite(gain_x) & np.isfinite(gain_y))
    order = usable[np.lexsort((usable, -gain_y[usable], -gain_x[usable]))]  # falling x, then falling y, then in order
    rows: list[int] = []
    best = -np.inf
    for row in order.tolist():
        if gain_y[row] > best:
            best = gain_y[row]
            rows.append(row)
    return Frontier(tuple(rows), _knee(rows, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64),
                                       better_x, better_y))  # fmt: skip


def _knee(rows: Sequence[int], x: Floats, y: Floats, better_x: Better, better_y: Better) -> int | None:
    """Largest distance from the chord between the ends (Satopaa et al. 2011, "Kneedle"), in the logarithms of both
    metrics scaled to 0..1, so that neither units nor a constant factor move it; in the metrics themselves where one is
    not above zero."""
    if len(rows) < 3:
        return None
    across, along = _unit(x[list(rows)], better_x), _unit(y[list(rows)], better_y)
    beyond = across + along - 1.0  # the chord runs from (1, 0) to (0, 1)
    at = int(np.argmax(beyond))
    return rows[at] if beyond[at] > 1e-9 else None


def _unit(values: Floats, better: Better) -> Floats:
    """0 at the worse end, 1 at the better one."""
    scaled = np.log(values) if values.min() > 0 else values
    share = (scaled - scaled.min()) / (scaled.max() - scaled.min())
    return np.asarray(1.0 - share if better == "low" else share)


def _gain(values: Sequence[float], better: Better) -> Floats:
    """More is better."""
    gains = np.asarray(values, dtype=np.float64)
    return -gains if better == "low" else gains
