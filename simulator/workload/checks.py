"""The few checks that every part of a workload spec makes on its numbers; all raise ``InputError``."""

from __future__ import annotations

import math

from simulator.errors import InputError
from simulator.workload.table import MAX_TOKENS


def require_positive(name: str, value: float) -> None:
    """``value`` must be finite and > 0."""
    if not (math.isfinite(value) and value > 0):
        raise InputError("must be a number > 0", path=name, value=value)


def require_not_negative(name: str, value: float, unit: str = "") -> None:
    """``value`` must be finite and >= 0."""
    if not (math.isfinite(value) and value >= 0):
        raise InputError("must be a number >= 0" + (f" ({unit})" if unit else ""), path=name, value=value)


def require_within(name: str, value: float, low: float, high: float) -> None:
    """``value`` must lie in ``low..high``."""
    if not low <= value <= high:
        raise InputError(f"must lie in {low}..{high}", path=name, value=value)


def require_count(name: str, value: int) -> None:
    """``value`` must be at least 1."""
    if value < 1:
        raise InputError("must be at least 1", path=name, value=value)


def require_tokens(name: str, tokens: int, least: int = 1) -> None:
    """``tokens`` must be a possible token count, not below ``least``."""
    if not least <= tokens <= MAX_TOKENS:
        raise InputError(f"must lie in {least}..{MAX_TOKENS} tokens", path=name, value=tokens)
