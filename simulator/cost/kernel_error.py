"""How far a sum of kernel times may be off, from the errors of its parts: one rule for ``estimate`` and ``run``."""

from __future__ import annotations

from collections.abc import Iterable

ERROR_MEANING = (
    "the typical error of single kernels, time-weighted; no bound: queueing can amplify it. "
    "Errors end to end, against measured runs: docs/accuracy.md"
)
"""What the figure of ``typical_error`` says, in the words every output uses."""


def typical_error(parts: Iterable[tuple[float, float]]) -> float | None:
    """Relative error of a sum of ``(seconds, median error)`` when each part is off by its own, all in one direction.

    Half of the kernels err by more than their median, and some in the other direction: a typical figure, no bound. None
    when nothing takes time.
    """
    listed = list(parts)
    total = sum(seconds for seconds, _ in listed)
    return sum(seconds * error for seconds, error in listed) / total if total else None
