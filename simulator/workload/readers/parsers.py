"""Parsers of CSV columns: texts in, numpy array out, ``ValueError`` when a value is not allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.workload.table import MAX_TOKENS, FloatColumn, IntColumn

TOKENS_RULE = f"must be a whole number of tokens in 1..{MAX_TOKENS}"
TOKENS_OR_NONE_RULE = f"must be a whole number of tokens in 0..{MAX_TOKENS}"
MAX_SECONDS = 1e12
SECONDS_RULE = f"must be a number of seconds in 0..{MAX_SECONDS:g}"
WHOLE_RULE = "must be a whole number"
WALL_CLOCK_RULE = "must be a time like 2023-11-16 18:17:03.9799600, between 1700 and 2199"

_WALL_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:Z|([+-])(\d\d):?(\d\d))?")
_EXACT_IN_FLOAT = 2.0**53
_EARLIEST, _LATEST = "1700", "2200"  # numpy's nanoseconds wrap around silently outside 1678..2262

ANY_RULE = "may be any text"


def tokens(texts: Sequence[str]) -> IntColumn:
    """Token counts; ``12`` and ``12.0`` are whole, ``12.5`` is not."""
    counts = whole_numbers(texts)
    if len(counts) and not (counts.min() >= 1 and counts.max() <= MAX_TOKENS):
        raise ValueError
    return counts


def tokens_or_none(texts: Sequence[str]) -> IntColumn:
    """Token counts of which 0 is one: a request that failed."""
    counts = whole_numbers(texts)
    if len(counts) and not (counts.min() >= 0 and counts.max() <= MAX_TOKENS):
        raise ValueError
    return counts


def whole_numbers(texts: Sequence[str]) -> IntColumn:
    """Signed 64-bit integers."""
    try:
        return np.fromiter(map(int, texts), dtype=np.int64, count=len(texts))
    except ValueError:
        return np.fromiter(map(_whole_number, texts), dtype=np.int64, count=len(texts))


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if not number.is_integer() or abs(number) >= _EXACT_IN_FLOAT:
            raise
        return int(number)


def seconds(texts: Sequence[str]) -> FloatColumn:
    """Times that are not negative (a NaN is refused)."""
    times = np.fromiter(map(float, texts), dtype=np.float64, count=len(texts))
    if not np.all((times >= 0) & (times <= MAX_SECONDS)):
        raise ValueError
    return times


def any_text(texts: Sequence[str]) -> npt.NDArray[np.object_]:
    """Texts as they are, blanks trimmed."""
    return np.array([text.strip() for text in texts], dtype=object)


def wall_clock_ns(texts: Sequence[str]) -> IntColumn:
    """Nanoseconds since 1970 of ISO times, exact to the nanosecond; a time without a zone counts as UTC."""
    matches = [_WALL_CLOCK.fullmatch(text.strip()) for text in texts]
    if None in matches:
        raise ValueError
    found = [match.groups() for match in matches if match is not None]
    clocks = [clock for clock, *_ in found]
    if min(clocks) < _EARLIEST or max(clocks) >= _LATEST:
        raise ValueError
    offset_minutes = np.array([_zone_minutes(*zone) for _, *zone in found], dtype=np.int64)
    return np.array(clocks, dtype="datetime64[ns]").astype(np.int64) - offset_minutes * 60_000_000_000


def _zone_minutes(sign: str | None, hours: str | None, minutes: str | None) -> int:
    if not (sign and hours and minutes):
        return 0
    return (-1 if sign == "-" else 1) * (60 * int(hours) + int(minutes))
