"""Ids of trace columns: whole numbers are kept, names are numbered."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.workload.table import IntColumn

_LONGEST_ID = 18
"""Digits that surely fit 64 bits."""


def ids(names: npt.NDArray[Any] | None, none: set[str], first: int) -> IntColumn | None:
    """Whole numbers as they are, names as ``first, first + 1, ...`` in order of appearance, none as ``first - 1``."""
    if names is None:
        return None
    given = set(names) - none
    if all(name.isdecimal() and len(name) <= _LONGEST_ID for name in given):
        return np.array([int(name) if name in given else first - 1 for name in names], dtype=np.int64)
    return numbered(names, none, first)


def numbered(names: npt.NDArray[Any], none: set[str], first: int) -> IntColumn:
    """Names as ``first, first + 1, ...`` in order of appearance, those of ``none`` as ``first - 1``."""
    numbers = dict.fromkeys(none, first - 1)
    for name in names:
        numbers.setdefault(name, len(numbers) - len(none) + first)
    return np.fromiter((numbers[name] for name in names), dtype=np.int64, count=len(names))
