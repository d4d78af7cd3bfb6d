"""The waiting queue in two orders: first come first served, and by priority."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from simulator.engine.request import Request


class WaitingQueue(Protocol):
    """Requests that wait for a place in ``running``."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Request]:
        """Requests in the order in which they would be served."""

    def peek(self) -> Request:
        """The next request, left in place."""

    def pop(self) -> Request:
        """The next request, taken out."""

    def add(self, request: Request) -> None:
        """A new arrival."""

    def put_back(self, request: Request) -> None:
        """A request that was popped, or preempted: before all others (fcfs), or in its sorted place (priority)."""

    def remove(self, request: Request) -> None:
        """Take out a request wherever it stands."""


class FcfsQueue(deque[Request]):
    """First come, first served; preempted requests return to the front."""

    def peek(self) -> Request:
        return self[0]

    def pop(self) -> Request:  # type: ignore[override]
        return self.popleft()

    def add(self, request: Request) -> None:
        self.append(request)

    def put_back(self, request: Request) -> None:
        self.appendleft(request)


class PriorityQueue:
    """Lowest (priority, arrival, row) first, vLLM's order under ``scheduling_policy: priority``."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, float, int, Request]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[Request]:
        return (entry[-1] for entry in sorted(self._heap, key=lambda entry: entry[:3]))

    def peek(self) -> Request:
        return self._heap[0][-1]

    def pop(self) -> Request:
        return heapq.heappop(self._heap)[-1]

    def add(self, request: Request) -> None:
        heapq.heappush(self._heap, (request.priority, request.arrival, request.row, request))

    def put_back(self, request: Request) -> None:
        self.add(request)

    def remove(self, request: Request) -> None:
        self._heap = [entry for entry in self._heap if entry[-1] is not request]
        heapq.heapify(self._heap)
