"""Where requests come from during a run: open-loop arrivals, or clients that wait for their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.cluster.clock import ARRIVAL, Clock
from simulator.cluster.replica import Steps
from simulator.engine.request import Request
from simulator.workload.shareable import shareable_tokens
from simulator.workload.table import RequestTable
from simulator.workload.workload import Workload

CHUNK_ROWS = 65_536
"""Rows turned into Python numbers at a time, so that a million requests never stand in memory twice."""


class RequestMaker:
    """Makes the scheduler's request objects from table rows, in order."""

    def __init__(self, table: RequestTable, max_model_len: int) -> None:
        self._table = table
        self._max_model_len = max_model_len
        segments = table.segments
        self._shareable = None if segments is None else shareable_tokens(segments, table.output_segment)

    def __iter__(self) -> Iterator[tuple[float, Request]]:
        """Yield ``(arrival_s, request)`` row by row."""
        table = self._table
        for first in range(0, len(table), CHUNK_ROWS):
            rows = slice(first, first + CHUNK_ROWS)
            columns = (table.arrival_s, table.prompt_tokens, table.output_tokens, table.priority, table.adapter)
            named = None if table.output_segment is None else table.output_segment[rows].tolist()
            shared = None if self._shareable is None else self._shareable[rows].tolist()
            for index, (arrival, prompt, output, priority, adapter) in enumerate(
                zip(*(column[rows].tolist() for column in columns), strict=True)
            ):
                row = first + index
                yield (
                    arrival,
                    Request(
                        row,
                        prompt,
                        output,
                        self._max_model_len,
                        arrival=arrival,
                        priority=priority,
                        adapter=adapter,
                        segments=None if table.segments is None else table.segments.of(row),
                        output_segment=-1 if named is None else named[index],
                        shareable_tokens=0 if shared is None else shared[index],
                    ),
                )


class OpenLoop:
    """Sends every request at its arrival time, whatever became of the others."""

    def __init__(self, clock: Clock, workload: Workload, maker: RequestMaker, send: Callable[[Request], None]) -> None:
        self._clock = clock
        self._maker = maker
        self._send = send
        clock.process(self._run())

    def _run(self) -> Steps:
        clock, send = self._clock, self._send
        for arrival_s, request in self._maker:
            if arrival_s > clock.now:
                yield clock.timeout_at(arrival_s, ARRIVAL)
            send(request)

    def done(self, row: int, finish_s: float) -> None:
        """A request ended; nobody waited for it."""


class ClosedLoop:
    """Keeps ``max_concurrency`` requests in flight: a client sends its next one a think time after an answer."""

    def __init__(self, clock: Clock, workload: Workload, maker: RequestMaker, send: Callable[[Request], None]) -> None:
        assert workload.max_concurrency is not None
        self._clock = clock
        self._send = send
        self._think_time_s = workload.think_time_s
        self._pending = iter(maker)
        for _ in range(min(workload.max_concurrency, len(workload.table))):
            self._next(0.0)

    def done(self, row: int, finish_s: float) -> None:
        """A client has its answer and will send the next request."""
        self._next(finish_s + self._think_time_s)

    def _next(self, ready_s: float) -> None:
        arrival_s, request = next(self._pending, (0.0, None))
        if request is None:
            return
        at_s = max(ready_s, arrival_s, self._clock.now)
        request.arrival = at_s
        self._clock.call_at(at_s, lambda: self._send(request))
