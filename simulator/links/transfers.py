"""Transfers on a running clock: processes send bytes over links that others use too, and wait for them, or do not.

One event is pending for the whole network, its next change; transfers need no processes of their own.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Generator
from typing import Any, Protocol, cast

import simpy
from simpy.events import Event

from simulator.links.fair_network import FairNetwork, Flow
from simulator.links.shared_link import Route


class AbsoluteClock(Protocol):
    """A SimPy environment that schedules at absolute times (``simulator.cluster.clock.Clock``)."""

    @property
    def now(self) -> float:
        """Seconds."""

    def timeout_at(self, time_s: float) -> Event:
        """An event that happens at ``time_s``."""


class Transfer(Event):
    """Bytes on their way; as an event it happens when they have arrived or were given up, with itself as value.

    Attributes
    ----------
    sent_s, ended_s: when it was sent, and when it arrived or was cancelled (None before).
    left_bytes: what had not arrived at cancellation, 0 otherwise.
    exposed_s: time consumers spent in ``Transfers.wait`` for it; the rest was hidden behind something else.
    """

    def __init__(self, clock: AbsoluteClock, route: Route, nbytes: float) -> None:
        super().__init__(cast(simpy.Environment, clock))
        self.route = route
        self.nbytes = nbytes
        self.sent_s = clock.now
        self.ended_s: float | None = None
        self.left_bytes = 0.0
        self.cancelled = False
        self.exposed_s = 0.0
        self.flow: Flow | None = None

    @property
    def duration_s(self) -> float:
        """Seconds from sending to the end; not a number while it lasts."""
        return math.nan if self.ended_s is None else self.ended_s - self.sent_s


class Transfers:
    """Sends over a ``FairNetwork`` on a clock.

    ``yield transfers.send(route, nbytes)`` waits for arrival. To overlap with compute, keep the transfer and later
    ``yield from transfers.wait(transfer)``: only the time then waited is exposed.
    """

    def __init__(self, clock: AbsoluteClock, network: FairNetwork) -> None:
        self.network = network
        self.exposed_s = 0.0
        self.transfer_s = 0.0
        self._clock = clock
        self._under_way: dict[Flow, Transfer] = {}
        self._latent: list[tuple[float, int, Transfer, dict[str, Any]]] = []
        self._sent = 0
        self._armed_s = math.inf

    def send(
        self,
        route: Route,
        nbytes: float,
        *,
        priority: int = 0,
        weight: float = 1.0,
    ) -> Transfer:
        """Send ``nbytes``; first the latency of the route passes, then the bytes share the links.

        A transfer never gets more than its size allows on the slowest of its links (``SharedLink.cap_bytes_per_s``).
        ``priority``: smaller goes first, strictly. Raises ``ValueError`` as ``FairNetwork.start`` does.
        """
        self.network.check(route, nbytes, weight)
        links = [self.network.links[hop.link] for hop in route]
        latency_s = sum(link.latency_s for link in links)
        cap_bytes_per_s = min(link.cap_bytes_per_s(nbytes) for link in links)
        options = {"priority": priority, "weight": weight, "cap_bytes_per_s": cap_bytes_per_s}
        transfer = Transfer(self._clock, route, nbytes)
        if latency_s > 0:
            heapq.heappush(self._latent, (self._clock.now + latency_s, self._sent, transfer, options))
            self._sent += 1
        else:
            self._progress()
            self._start(transfer, options)
        self._arm()
        return transfer

    def cancel(self, transfer: Transfer) -> float:
        """Give a transfer up; whoever waits for it goes on. Returns the bytes that did not arrive."""
        self._progress()
        if transfer.ended_s is not None:
            return 0.0
        transfer.cancelled = True
        transfer.left_bytes = transfer.nbytes
        if transfer.flow is not None:
            del self._under_way[transfer.flow]
            transfer.left_bytes = self.network.cancel(transfer.flow, self._clock.now)
        self._end(transfer)
        self._arm()
        return transfer.left_bytes

    def wait(self, transfer: Transfer) -> Generator[Event, Any, float]:
        """Wait for a transfer inside a process; returns the seconds waited, and books them as exposed."""
        began_s = self._clock.now
        yield transfer
        waited_s = self._clock.now - began_s
        transfer.exposed_s += waited_s
        self.exposed_s += waited_s
        return waited_s

    def _arm(self) -> None:
        next_s = self.network.next_completion_s
        if self._latent and (next_s is None or self._latent[0][0] < next_s):
            next_s = self._latent[0][0]
        if next_s is None or next_s >= self._armed_s:
            return  # an event that comes too early finds nothing to do and arms the right one
        self._armed_s = next_s
        event = self._clock.timeout_at(next_s)
        assert event.callbacks is not None
        event.callbacks.append(lambda _: self._wake(next_s))

    def _wake(self, armed_s: float) -> None:
        if armed_s != self._armed_s:
            return  # an earlier change was armed meanwhile
        self._armed_s = math.inf
        self._progress()
        self._arm()

    def _progress(self) -> None:
        """Bring the network up to now: starts and ends in the order of their times."""
        now_s = self._clock.now
        while self._latent and self._latent[0][0] <= now_s:
            start_s, _, transfer, options = heapq.heappop(self._latent)
            self._finish(self.network.advance(start_s))
            if transfer.ended_s is None:
                self._start(transfer, options, start_s)
        self._finish(self.network.advance(now_s))

    def _start(self, transfer: Transfer, options: dict[str, Any], start_s: float | None = None) -> None:
        at_s = self._clock.now if start_s is None else start_s
        transfer.flow = self.network.start(transfer.route, transfer.nbytes, at_s, **options)
        self._under_way[transfer.flow] = transfer

    def _finish(self, flows: list[Flow]) -> None:
        for flow in flows:
            self._end(self._under_way.pop(flow))

    def _end(self, transfer: Transfer) -> None:
        transfer.ended_s = self._clock.now
        self.transfer_s += transfer.duration_s
        transfer.succeed(transfer)
