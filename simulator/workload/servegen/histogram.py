"""Histograms of whole numbers, as ServeGen writes them: the text ``{45: 0.0097, 46: 0.0117, ...}``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.errors import InputError
from simulator.workload.table import MAX_TOKENS, FloatColumn

_ENTRY = re.compile(r"\s*(?P<value>\d+(?:\.\d*)?)\s*:\s*(?P<share>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*")


@dataclass(frozen=True)
class Histogram:
    """``values`` (k,) rising counts and ``cumulative`` (k,) probabilities up to and including each, the last one 1."""

    values: FloatColumn
    cumulative: FloatColumn

    def draw(self, u: FloatColumn) -> FloatColumn:
        """(n,) counts for (n,) uniform numbers in [0, 1)."""
        return self.values[np.searchsorted(self.cumulative, u, side="right")]

    @property
    def mean(self) -> float:
        """Mean count."""
        return float(np.sum(self.values * np.diff(self.cumulative, prepend=0.0)))

    @classmethod
    def parse(cls, path: Path, where: str, name: str, content: dict[str, Any]) -> Histogram:
        """The histogram ``content[name]``, a text or a mapping. Raises ``InputError``."""
        found = content.get(name)
        pairs = _pairs(found)
        if not pairs or not 0 < sum(share for _, share in pairs) < math.inf or max(pairs)[0] > MAX_TOKENS:
            rule = "must be a histogram {tokens: probability, ...}"
            raise InputError(rule, file=path, path=f"{where}.{name}", value=found)
        values, shares = (np.array(column, dtype=np.float64) for column in zip(*sorted(pairs), strict=True))
        some = shares > 0
        cumulative = np.cumsum(shares[some])
        return cls(values[some], cumulative / cumulative[-1])


def _pairs(found: Any) -> list[tuple[float, float]]:
    """(value, probability) of each entry; nothing when it cannot be read."""
    if isinstance(found, dict):
        found = ", ".join(f"{value}: {share}" for value, share in found.items())
    if not isinstance(found, str):
        return []
    matches = [_ENTRY.fullmatch(entry) for entry in found.strip().strip("{}").split(",")]
    if None in matches:
        return []
    return [(float(match["value"]), float(match["share"])) for match in matches if match is not None]
