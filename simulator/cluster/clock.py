"""A SimPy environment that schedules at absolute times."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush

import simpy
from simpy.events import NORMAL, URGENT, Event, EventPriority

ARRIVAL, STEP_END = URGENT, NORMAL
"""Order of events at equal times: a request that arrives just as a step ends is seen by the next plan."""


class Clock(simpy.Environment):
    """``simpy.Environment`` with ``timeout_at``.

    SimPy's own timeouts are relative, and ``now + (t - now)`` is not ``t`` in floating point. Here a trace's arrivals
    happen at exactly their time stamps, and the end of a step is exactly the sum of step times, in whatever portions
    the clock got there.
    """

    def timeout_at(self, time_s: float, priority: EventPriority = STEP_END) -> Event:
        """An event that happens at ``time_s`` (seconds, not before ``now``)."""
        event = Event(self)
        event._ok = True
        event._value = None
        heappush(self._queue, (time_s, priority, next(self._eid), event))
        return event

    def call_at(self, time_s: float, action: Callable[[], None], priority: EventPriority = ARRIVAL) -> None:
        """Call ``action`` at ``time_s`` without a process of its own."""
        event = self.timeout_at(time_s, priority)
        assert event.callbacks is not None
        event.callbacks.append(lambda _: action())

    @property
    def events_scheduled(self) -> int:
        """Events scheduled so far (reading it schedules nothing)."""
        return int(repr(self._eid)[6:-1])
