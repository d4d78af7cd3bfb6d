"""Uncertain figures as people read them: no more digits than the band supports."""

from __future__ import annotations

import math

BAND_MEANING = (
    "ranges are 80 % bands, from the held-out errors of kernels, the engine terms' own ranges and what is left between "
    "simulated and measured runs; how often they hold: docs/accuracy.md"
)
"""What a range says, in the words every output uses."""


def decimals_of(half_width: float) -> int:
    """Decimal places (negative: places before the point) down to the band's first digit, the second when that is 1."""
    if half_width <= 0:
        return 0
    exponent = math.floor(math.log10(half_width))
    return -(exponent - 1 if half_width / 10**exponent < 2 else exponent)


def rounded(value: float, half_width: float) -> str:
    """A figure to the precision of its band, thousands separated."""
    if value == 0:
        return "0"
    decimals = decimals_of(max(half_width, abs(value) * 1e-3))
    return f"{round(value, decimals):,.{max(0, decimals)}f}"


def span(low: float, high: float) -> str:
    """``22.6-25.7``."""
    half_width = (high - low) / 2
    return f"{rounded(low, half_width)}-{rounded(high, half_width)}"


def with_range(value: float, low: float, high: float, unit: str) -> str:
    """``24.1 ms (22.6-25.7)``."""
    return f"{rounded(value, (high - low) / 2)} {unit} ({span(low, high)})"
