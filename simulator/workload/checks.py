"""The few checks that every part of a workload spec makes on its numbers; all raise ``InputError``."""

from __future__ import annotations

from simulator.errors import InputError
from simulator.workload.table import MAX_TOKENS

LARGEST = 1e12
"""Rates, seconds and ratios above it, or positive ones below its inverse, are mistakes that would overflow later."""

MOST = 10**9
"""Counts above it would not fit into memory."""


def require_positive(name: str, value: float) -> None:
    """``value`` must be > 0, and neither absurdly small nor large."""
    if not 1 / LARGEST <= value <= LARGEST:
        raise InputError(f"must be a number > 0 (and at most {LARGEST:g})", path=name, value=value)


def require_not_negative(name: str, value: float, unit: str = "") -> None:
    """``value`` must be finite and >= 0."""
    if not 0 <= value <= LARGEST:
        raise InputError(
            f"must be a number >= 0 (and at most {LARGEST:g})" + (f" ({unit})" if unit else ""), path=name, value=value
        )


def require_within(name: str, value: float, low: float, high: float) -> None:
    """``value`` must lie in ``low..high``."""
    if not low <= value <= high:
        raise InputError(f"must lie in {low}..{high}", path=name, value=value)


def require_count(name: str, value: int) -> None:
    """``value`` must be at least 1 and countable."""
    if not 1 <= value <= MOST:
        raise InputError("must be at least 1" if value < 1 else f"must be at most {MOST}", path=name, value=value)


def require_tokens(name: str, tokens: int, least: int = 1) -> None:
    """``tokens`` must be a possible token count, not below ``least``."""
    if not least <= tokens <= MAX_TOKENS:
        raise InputError(f"must lie in {least}..{MAX_TOKENS} tokens", path=name, value=tokens)
