"""From values to places: linear and logarithmic scales and their ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.report.page.drawing import Axis

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` lie between ``start`` and ``end`` (user units of the SVG)."""

    low: float
    high: float
    start: float
    end: float
    log: bool

    def place(self, value: float) -> float:
        """Where a value lies; beyond the ends it stays at the end."""
        held = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(held / self.low) / math.log(self.high / self.low)
        else:
            share = (held - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether a value lies between the ends."""
        return self.low <= value <= self.high

    def ticks(self, most: int) -> list[float]:
        """Round values inside, at most ``most``."""
        return log_ticks(self.low, self.high, most) if self.log else linear_ticks(self.low, self.high, most)


def scale_for(axis: Axis, values: Sequence[float], start: float, end: float) -> Scale:
    """The scale of an axis that shows all values (on a log axis the positive ones) and keeps its own limits."""
    usable = [value for value in values if math.isfinite(value) and (value > 0 or not axis.log)]
    low = min(usable, default=1.0 if axis.log else 0.0) if axis.low is None else axis.low
    high = max(usable, default=1.0) if axis.high is None else axis.high
    if axis.log:
        low, high = _apart_log(low, high, axis)
    elif high <= low:
        low, high = (low - 0.5 * abs(low), low + 0.5 * abs(low)) if low else (0.0, 1.0)
    else:
        room = 0.04 * (high - low)
        low = low - room if axis.low is None else low
        high = high + room if axis.high is None else high
    return Scale(low, high, start, end, axis.log)


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten."""
    rough = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (factor * power for factor in _STEPS):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [index * step for index in range(first, last + 1)]
    return []


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """1, 2 and 5 times the powers of ten, or fewer; on a short axis round values of a linear one."""
    if high / low < 4:
        return linear_ticks(low, high, most)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        found = [factor * 10.0**power for power in powers for factor in factors]
        inside = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(inside) <= most:
            return inside
    every = math.ceil(len(inside) / most)
    return inside[::every]


def tick_text(value: float) -> str:
    """``0.05``, ``20``, ``12,000``, ``2M``: as short as it is exact."""
    for size, letter in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:,.10g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.0e}"


def _apart_log(low: float, high: float, axis: Axis) -> tuple[float, float]:
    high = max(high, low)
    room = (high / low) ** 0.04 if high > low * 1.05 else 1.5
    return low / (room if axis.low is None else 1.0), high * (room if axis.high is None else 1.0)
