"""The last rung of a ladder where a question is still answered with yes: galloping, then bisection.

The answers are taken to turn from yes to no once. Where noise makes them turn back and forth, the search finds one of
the turns; how far such turns lie apart shows between seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """``last_yes`` and ``first_no``: neighbouring rungs; None where the ladder ends before the turn."""

    last_yes: int | None
    first_no: int | None


def find_turn(holds: Callable[[int], bool], rungs: int, start: int, stride: int) -> Turn:
    """Search ``range(rungs)`` from ``start``; the first stride is ``stride`` rungs, every further one twice as long."""
    yes, no = _gallop(holds, rungs, start, max(1, stride))
    if yes is None or no is None:
        return Turn(yes, no)
    while no - yes > 1:
        middle = (yes + no) // 2
        if holds(middle):
            yes = middle
        else:
            no = middle
    return Turn(yes, no)


def _gallop(holds: Callable[[int], bool], rungs: int, start: int, stride: int) -> tuple[int | None, int | None]:
    """A rung with yes and one with no, the last ones looked at."""
    upwards = holds(start)
    here, step = start, stride if upwards else -stride
    while True:
        there = min(max(here + step, 0), rungs - 1)
        if there == here:
            return (here, None) if upwards else (None, here)
        if holds(there) != upwards:
            return (here, there) if upwards else (there, here)
        here, step = there, 2 * step


def find_peak(height: Callable[[int], float], rungs: int, start: int, stride: int) -> int:
    """The rung with the greatest height, for heights that rise to one peak and fall behind it.

    Gallops until the height falls, then ternary search; equal heights count as rising.
    """
    low, high = _around_peak(height, rungs, start, max(1, stride))
    while high - low > 2:
        third = (high - low) // 3
        left, right = low + third, high - third
        if left == right or height(left) <= height(right):
            low = left if left > low else low + 1
        else:
            high = right if right < high else high - 1
    return max(range(low, high + 1), key=lambda rung: (height(rung), -rung))


def _around_peak(height: Callable[[int], float], rungs: int, start: int, stride: int) -> tuple[int, int]:
    """Two rungs with the peak between them."""
    up = min(start + stride, rungs - 1)
    rising = height(up) >= height(start) and up > start
    before, here, step = (start, up, 2 * stride) if rising else (up, start, -stride)
    while True:
        there = min(max(here + step, 0), rungs - 1)
        if there == here or height(there) < height(here):
            return min(before, there), max(before, there)
        before, here, step = here, there, 2 * step
