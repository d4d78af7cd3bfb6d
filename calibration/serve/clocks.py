"""Clocks a server can be timed by."""

from __future__ import annotations

import time


class WallClock:
    """The time of day, and waiting for it."""

    def now(self) -> float:
        """Seconds."""
        return time.perf_counter()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class CpuClock:
    """CPU time of this process, moved on by what it would have waited: what one core would take with nobody else on it.

    For one computing thread on a machine that others use as well.
    """

    def __init__(self) -> None:
        self._waited = 0.0

    def now(self) -> float:
        """Seconds."""
        return time.process_time() + self._waited

    def wait(self, seconds: float) -> None:
        """Move on."""
        self._waited += seconds
