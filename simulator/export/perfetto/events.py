"""Events of the Chrome trace format ("Trace Event Format", Google 2016), which Perfetto opens.

Times are written in microseconds as multiples of 1/8: binary fractions, so that a reader that multiplies a float by
1000 gets whole nanoseconds, and slices that touch here still touch there.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

TICKS_PER_US = 8

ENGINE_THREAD = 1
"""Thread of a replica's steps."""


class Event(NamedTuple):
    """``tick`` (1/8 us) and the event as JSON text."""

    tick: int
    text: str


def ticks(seconds: float) -> int:
    """Simulated seconds as ticks. It never falls when ``seconds`` grow, so spans stay nested."""
    return round(seconds * 1e6 * TICKS_PER_US)


def microseconds(tick: int) -> float:
    """A tick as the format wants it."""
    return tick / TICKS_PER_US


def event(phase: str, name: str, tick: int, pid: int, **more: Any) -> Event:
    """An event of any phase on the engine thread of a process; ``more``: further keys, such as ``args``."""
    content = {"ph": phase, "name": name, "ts": microseconds(tick), "pid": pid, "tid": ENGINE_THREAD, **more}
    return Event(tick, json.dumps(content, separators=(",", ":")))


def slice_event(name: str, begin: int, end: int, pid: int, category: str, **more: Any) -> Event:
    """A complete slice (phase X) from one tick to another."""
    return event("X", name, begin, pid, cat=category, dur=microseconds(end - begin), **more)


def engine_pid(replica: int) -> int:
    """Process of a replica's steps and counters."""
    return 2 * replica + 1


def requests_pid(replica: int) -> int:
    """Process of the spans of the requests a replica serves."""
    return 2 * replica + 2


def name_process(pid: int, name: str, order: int) -> list[Event]:
    """Metadata: the name of a process and its place from the top."""
    return [
        event("M", "process_name", 0, pid, args={"name": name}),
        event("M", "process_sort_index", 0, pid, args={"sort_index": order}),
    ]


def name_thread(pid: int, name: str) -> Event:
    """Metadata: the name of the engine thread."""
    return event("M", "thread_name", 0, pid, args={"name": name})
