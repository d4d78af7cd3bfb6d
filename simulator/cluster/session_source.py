"""Requests that wait for one another: the next turn of a chat is sent after the answer to the last one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from simulator.cluster.clock import ARRIVAL, Clock
from simulator.cluster.replica import Steps
from simulator.cluster.source import RequestMaker
from simulator.engine.request import Request
from simulator.workload.workload import Workload


class SessionSource:
    """Sends the rows of a table with ``after_row``.

    A row that waits for nobody is sent at its ``arrival_s``; any other one ``think_s`` seconds after the client saw the
    end of its predecessor, and never before its own ``arrival_s``. A refused request counts as answered at once.
    One event per request.
    """

    def __init__(self, clock: Clock, workload: Workload, maker: RequestMaker, send: Callable[[Request], None]) -> None:
        table = workload.table
        assert table.after_row is not None
        assert table.think_s is not None
        self._clock = clock
        self._send = send
        self._think_s = table.think_s
        self._after = table.after_row
        # Followers of row r: _follower[_first[r] : _first[r + 1]].
        waiting = np.flatnonzero(table.after_row >= 0)
        self._follower = waiting[np.argsort(table.after_row[waiting], kind="stable")]
        self._first = np.searchsorted(table.after_row[self._follower], np.arange(len(table) + 1))
        self._maker = iter(maker)
        # Made because a later row was wanted; rows stand by their earliest arrival, so these are few.
        self._made: dict[int, tuple[float, Request]] = {}
        clock.process(self._run())

    def done(self, row: int, finish_s: float) -> None:
        """The client saw the end of ``row``: what waited for it follows."""
        for follower in self._follower[self._first[row] : self._first[row + 1]].tolist():
            arrival_s, request = self._take(follower)
            at_s = request.arrival = max(finish_s + float(self._think_s[follower]), arrival_s)
            self._clock.call_at(at_s, partial(self._send, request))

    def _run(self) -> Steps:
        for row in np.flatnonzero(self._after < 0).tolist():
            arrival_s, request = self._take(row)
            if arrival_s > self._clock.now:
                yield self._clock.timeout_at(arrival_s, ARRIVAL)
            self._send(request)

    def _take(self, row: int) -> tuple[float, Request]:
        while row not in self._made:
            arrival_s, request = next(self._maker)
            self._made[request.row] = arrival_s, request
        return self._made.pop(row)
