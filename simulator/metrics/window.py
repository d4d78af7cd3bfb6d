"""The measured window: which part of a run counts.

``vllm bench serve`` counts everything from the first request sent to the last token received; so do we unless the
scenario cuts the warm-up (the system fills from empty) or the drain (no new arrivals, the system empties).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.errors import InputError
from simulator.metrics.logs import FINISHED, RequestLog


@dataclass(frozen=True)
class WindowRule:
    """How to choose the window.

    ``warmup_s`` seconds after the first arrival are cut, or ``warmup_fraction`` (0..1) of the time from first to last
    arrival, whichever is longer; ``exclude_drain`` ends the window at the last arrival.
    """

    warmup_s: float = 0.0
    warmup_fraction: float = 0.0
    exclude_drain: bool = False

    @property
    def whole_run(self) -> bool:
        """True when nothing is cut."""
        return not (self.warmup_s or self.warmup_fraction or self.exclude_drain)


@dataclass(frozen=True)
class Window:
    """Start and end in seconds on the run's clock, and whether that is the whole run."""

    start_s: float
    end_s: float
    whole_run: bool = True

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def counted(self, log: RequestLog) -> npt.NDArray[np.bool_]:
        """(n,) finished requests that arrived inside the window: the ones whose latencies are measured."""
        finished = log.column("status") == FINISHED
        if self.whole_run:
            return finished
        arrival = log.column("arrival_s")
        return finished & (arrival >= self.start_s) & (arrival <= self.end_s)

    def completed(self, log: RequestLog) -> npt.NDArray[np.bool_]:
        """(n,) requests that finished inside the window: the ones throughput counts."""
        finished = log.column("status") == FINISHED
        if self.whole_run:
            return finished
        finish = log.column("finish_s")
        return finished & (finish >= self.start_s) & (finish <= self.end_s)


def measured_window(log: RequestLog, rule: WindowRule) -> Window:
    """The window of a run. Raises ``InputError`` when the warm-up leaves nothing to measure."""
    arrival, finish = log.column("arrival_s"), log.column("finish_s")
    sent = np.isfinite(arrival)
    if not sent.any():
        return Window(0.0, 0.0)
    first, last = float(arrival[sent].min()), float(arrival[sent].max())
    finished = np.isfinite(finish)
    end = float(finish[finished].max()) if finished.any() else last
    if rule.whole_run:
        return Window(first, end)
    start = first + max(rule.warmup_s, rule.warmup_fraction * (last - first))
    end = last if rule.exclude_drain else end
    if start >= end:
        raise InputError(
            f"the warm-up leaves nothing to measure: the window would start at {start:g} s and end at {end:g} s",
            path="run",
            hint="shorten run.warmup_s or run.warmup_fraction, or send more requests",
        )
    return Window(start, end, whole_run=False)
