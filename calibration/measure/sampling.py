"""Shapes that fill a space: Latin hypercube over logarithms, row counts odd, aligned or round by turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Axis(Protocol):
    """One coordinate of a kernel class."""

    def size(self, position: float, index: int) -> int:
        """The size at ``position`` in [0, 1) of the axis, for the ``index``-th point."""


@dataclass(frozen=True)
class LogRange:
    """Sizes from ``low`` to ``high``, even in their logarithm, rounded to multiples of ``step``."""

    low: int
    high: int
    step: int = 1

    def size(self, position: float, index: int) -> int:
        """See ``Axis``."""
        exact = self.low * (self.high / self.low) ** position
        return max(self.step, round(exact / self.step) * self.step)


@dataclass(frozen=True)
class Rows:
    """Token counts: by turns odd, a multiple of 16, a power of two, and whatever comes. Schedulers make all four, and
    kernels treat them differently."""

    low: int
    high: int

    def size(self, position: float, index: int) -> int:
        """See ``Axis``."""
        exact = self.low * (self.high / self.low) ** position
        kind = index % 4
        if kind == 0:
            return int(exact) | 1
        if kind == 1 and exact >= 16:
            return round(exact / 16) * 16
        if kind == 2:
            return int(2 ** round(np.log2(exact)))
        return max(1, round(exact))


@dataclass(frozen=True)
class Choice:
    """One of a few sizes; each gets an equal share of the points."""

    sizes: tuple[int, ...]

    def size(self, position: float, index: int) -> int:
        """See ``Axis``."""
        return self.sizes[int(position * len(self.sizes))]


def latin_hypercube(axes: Mapping[str, Axis], points: int, seed: int) -> Iterator[dict[str, int]]:
    """``points`` shapes (axis name -> size), the same for the same seed; a prefix of them fills the space too."""
    from scipy.stats import qmc

    sampler = qmc.LatinHypercube(d=max(1, len(axes)), rng=np.random.default_rng(seed))
    for index, row in enumerate(sampler.random(points)):
        yield {name: axis.size(float(at), index) for (name, axis), at in zip(axes.items(), row, strict=False)}
