"""A stretch of simulated time, as users write it: ``10s:20s``, ``:500ms``, ``1min:``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from simulator.errors import InputError

UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "": 1.0}
"""Seconds of each unit; a bare number is seconds."""

_TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)")


@dataclass(frozen=True)
class TimeWindow:
    """From ``start_s`` to ``end_s`` on the run's clock (s); everything unless cut."""

    start_s: float = 0.0
    end_s: float = math.inf

    @property
    def whole(self) -> bool:
        """Whether nothing is cut."""
        return self.start_s <= 0 and self.end_s == math.inf

    def touches(self, begin_s: float, end_s: float) -> bool:
        """Whether a span has any part inside (NaN: it has none)."""
        return end_s >= self.start_s and begin_s < self.end_s


def parse_window(text: str | None, option: str = "--window") -> TimeWindow:
    """The window of a text ``START:END``; either may be left out, None means everything.

    Raises ``InputError`` naming ``option``.
    """
    if text is None:
        return TimeWindow()
    start, colon, end = text.partition(":")
    if not colon:
        raise InputError("must read START:END", file=option, value=text, hint="such as 10s:20s, :500ms or 1min:")
    window = TimeWindow(_seconds(start, 0.0, option), _seconds(end, math.inf, option))
    if window.start_s >= window.end_s:
        raise InputError("must end after it starts", file=option, value=text)
    return window


def _seconds(text: str, otherwise: float, option: str) -> float:
    if not text.strip():
        return otherwise
    found = _TIME.fullmatch(text.strip())
    if found is None or found[2] not in UNITS_S:
        units = ", ".join(unit for unit in UNITS_S if unit)
        raise InputError(f"must be a time with a unit ({units})", file=option, value=text)
    return float(found[1]) * UNITS_S[found[2]]
