"""Evenly spaced numbers: ``{range: [1, 10, 2]}``, ``{linspace: [1, 20, 5]}``, ``{logspace: [16, 1024, 7]}``.

All begin and end with the numbers given (a range with the last step that fits); ``logspace`` is spaced by a constant
factor between its two ends, which are the numbers themselves, not exponents.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.errors import did_you_mean
from simulator.yaml_document import Document, Place

SPACINGS = {
    "range": "[first, last, step]",
    "linspace": "[first, last, how many]",
    "logspace": "[first, last, how many]",
}
"""Kind -> its three numbers."""

MOST = 10_000
"""Values an axis may have."""


def spaced(value: dict[str, Any], whole: bool, document: Document, place: Place) -> tuple[str, list[float]]:
    """``(kind, numbers)`` of a spacing. ``whole``: rounded, each once, unless ``integer`` says otherwise."""
    kind = next(name for name in SPACINGS if name in value)
    for key in value:
        if key not in (kind, "integer"):
            rule = f"is not a known key here; known: {kind}, integer"
            raise document.error((*place, key), rule, hint=did_you_mean(key, ["integer"]))
    integer = value.get("integer", whole)
    if not isinstance(integer, bool):
        raise document.error((*place, "integer"), "must be true or false", value=integer)
    three = value[kind]
    here = (*place, kind)
    if not isinstance(three, list) or len(three) != 3 or not all(map(is_number, three)):
        raise document.error(here, f"must be three numbers {SPACINGS[kind]}", value=three)
    numbers = _range(three, document, here) if kind == "range" else _between(kind, three, document, here)
    if integer:
        return kind, list(dict.fromkeys(round(number) for number in numbers))
    return kind, numbers


def is_number(value: object) -> bool:
    """A finite number of a sane size; booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e300


def _range(three: list[float], document: Document, place: Place) -> list[float]:
    first, last, step = three
    if not step or (last - first) / step < 0:
        raise document.error(place, "must lead from the first number to the last", value=three)
    count = int((last - first) / step + 1e-9) + 1
    _check_count(count, document, place)
    return [first + index * step for index in range(count)]


def _between(kind: str, three: list[float], document: Document, place: Place) -> list[float]:
    first, last, count = three
    if not isinstance(count, int) or count < 2:
        raise document.error((*place, 2), "must be a whole number >= 2", value=count)
    _check_count(count, document, place)
    if kind == "linspace":
        return [float(number) for number in np.linspace(first, last, count)]
    if first <= 0 or last <= 0:
        raise document.error(place, "must lie above 0: steps are factors", value=three)
    return [float(number) for number in np.geomspace(first, last, count)]


def _check_count(count: int, document: Document, place: Place) -> None:
    if count > MOST:
        raise document.error(place, f"gives {count:,} values; at most {MOST:,}")
