"""FairNetwork: transfers as fluid flows over shared links, without a clock.

Between two events (a flow starts, ends or is cancelled) all rates are constant and max-min fair. An event changes rates
only among the flows it is connected with through channels that can bind: those whose users could together ask for more
than the capacity. Only these flows are computed anew; every other is left untouched, and its end stays where it was.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from simulator.links.max_min import Demand, allocate
from simulator.links.shared_link import Route, SharedLink


@dataclass(eq=False, slots=True)
class Flow:
    """A transfer under way.

    ``left_bytes`` holds at ``updated_s``, since when the flow moves at ``rate`` (bytes/s). ``finish_s``: when it will
    end if nothing changes; infinite while flows of a higher class leave it nothing, not a number once it is off the
    network. ``ended_s``: when it left, by completion or cancellation.
    """

    number: int
    nbytes: float
    demand: Demand
    started_s: float
    left_bytes: float
    updated_s: float
    rate: float = 0.0
    finish_s: float = math.inf
    ended_s: float | None = None
    channels: tuple[int, ...] = field(default=(), repr=False)

    def left_at(self, now_s: float) -> float:
        """Bytes still to be moved at ``now_s``."""
        return max(0.0, self.left_bytes - self.rate * (now_s - self.updated_s))

    def times_over(self, channel: int) -> int:
        """How often the flow crosses a channel."""
        return dict(self.demand.channels).get(channel, 0)


class FairNetwork:
    """Links and the flows on them. Times are seconds on the caller's clock and never run backwards.

    The caller asks ``next_completion_s``, comes back then with ``advance``, and is handed the flows that ended.
    """

    def __init__(self, links: Iterable[SharedLink]) -> None:
        self.links: dict[str, SharedLink] = {}
        self._channel: dict[tuple[str, bool], int] = {}
        self._capacity: dict[int, float] = {}
        for link in links:
            if link.name in self.links:
                raise ValueError(f"two links are named {link.name!r}")
            self.links[link.name] = link
            forward = len(self._capacity)
            backward = forward + (link.duplex == "full")
            for way, channel in ((True, forward), (False, backward)):
                self._channel[link.name, way] = channel
                self._capacity[channel] = link.bytes_per_s
        self._claims = dict.fromkeys(self._capacity, 0.0)
        self._on: dict[int, dict[Flow, None]] = {channel: {} for channel in self._capacity}
        self._carried = dict.fromkeys(self._capacity, 0.0)
        self._ends: list[tuple[float, int, int, Flow]] = []
        self._flows = 0
        self._changes = 0
        self._now_s = -math.inf

    def start(
        self,
        route: Route,
        nbytes: float,
        now_s: float,
        *,
        weight: float = 1.0,
        priority: int = 0,
        cap_bytes_per_s: float = math.inf,
    ) -> Flow:
        """Put ``nbytes`` on a route. Smaller ``priority`` goes first, strictly; ``weight`` is its share within a class.

        Raises ``ValueError`` for an empty route, an unknown link or sizes that are no finite numbers in range, and when
        flows that end before ``now_s`` have not been fetched by ``advance``.
        """
        self._check_time(now_s)
        self.check(route, nbytes, weight, cap_bytes_per_s)
        crossed: dict[int, int] = {}
        for hop in route:
            channel = self._channel[hop]
            crossed[channel] = crossed.get(channel, 0) + 1
        # A flow alone gets no more than this; with it as cap, a channel all of whose users fit can be disregarded.
        most = min(cap_bytes_per_s, *(self._capacity[channel] / times for channel, times in crossed.items()))
        demand = Demand(tuple(crossed.items()), weight, priority, most)
        flow = Flow(self._flows, nbytes, demand, now_s, nbytes, now_s, channels=tuple(crossed))
        self._flows += 1
        for channel in flow.channels:
            self._on[channel][flow] = None
            self._claim(channel)
        self._share_anew(self._connected([flow], self._binding(flow.channels)), now_s)
        return flow

    def check(self, route: Route, nbytes: float, weight: float, cap_bytes_per_s: float = math.inf) -> None:
        """Raise ``ValueError`` when a flow cannot be started so."""
        if not 0 <= nbytes < math.inf or not 0 < weight < math.inf or not cap_bytes_per_s > 0:
            raise ValueError(f"a flow needs bytes >= 0, weight > 0, cap > 0: {nbytes}, {weight}, {cap_bytes_per_s}")
        if not route:
            raise ValueError("a route needs at least one hop")
        for hop in route:
            if hop not in self._channel:
                raise ValueError(f"no link is named {hop.link!r}")

    def advance(self, now_s: float) -> list[Flow]:
        """Let time pass until ``now_s``; the flows that ended on the way, in order of their ends."""
        ended: list[Flow] = []
        while (end_s := self.next_completion_s) is not None and end_s <= now_s:
            flow = heapq.heappop(self._ends)[-1]
            self._remove(flow, end_s)
            ended.append(flow)
        self._check_time(now_s)
        return ended

    def cancel(self, flow: Flow, now_s: float) -> float:
        """Take a flow off the network; the bytes it did not move. ``ValueError`` when it is not on it."""
        self._check_time(now_s)
        if flow not in self._on[flow.channels[0]]:
            raise ValueError(f"flow {flow.number} is not under way")
        left = flow.left_at(now_s)
        self._remove(flow, now_s, left)
        return left

    @property
    def next_completion_s(self) -> float | None:
        """When the next flow ends if none starts before; None when none will."""
        while self._ends:
            end_s, *_, flow = self._ends[0]
            if end_s == flow.finish_s:
                return end_s
            heapq.heappop(self._ends)
        return None

    @property
    def flows(self) -> list[Flow]:
        """Flows under way, by number."""
        return sorted({flow for users in self._on.values() for flow in users}, key=attrgetter("number"))

    def carried_bytes(self, link: str, *, forward: bool = True) -> float:
        """Bytes a link moved in a direction (a half-duplex link: in both) until the last ``advance`` or event."""
        channel = self._channel[link, forward]
        moving = (flow.left_bytes - flow.left_at(self._now_s) for flow in self._on[channel])
        crossed = (flow.times_over(channel) for flow in self._on[channel])
        return self._carried[channel] + sum(moved * times for moved, times in zip(moving, crossed, strict=True))

    def load_bytes_per_s(self, link: str, *, forward: bool = True) -> float:
        """Sum of the rates on a channel at present."""
        channel = self._channel[link, forward]
        return sum(flow.rate * flow.times_over(channel) for flow in self._on[channel])

    def _check_time(self, now_s: float) -> None:
        if now_s < self._now_s:
            raise ValueError(f"time runs backwards: {now_s} after {self._now_s}")
        end_s = self.next_completion_s
        if end_s is not None and end_s < now_s:
            raise ValueError(f"a flow ends at {end_s}: advance to {now_s} first")
        self._now_s = now_s

    def _remove(self, flow: Flow, now_s: float, left_bytes: float = 0.0) -> None:
        self._settle(flow, now_s, left_bytes)
        flow.rate, flow.finish_s, flow.ended_s = 0.0, math.nan, now_s
        freed = self._binding(flow.channels)
        for channel in flow.channels:
            del self._on[channel][flow]
            self._claim(channel)
        self._share_anew(self._connected([], freed), now_s)

    def _settle(self, flow: Flow, now_s: float, left_bytes: float) -> None:
        """Book what the flow moved since its last change of rate."""
        moved = flow.left_bytes - left_bytes
        for channel, times in flow.demand.channels:
            self._carried[channel] += moved * times
        flow.left_bytes, flow.updated_s = left_bytes, now_s

    def _share_anew(self, flows: list[Flow], now_s: float) -> None:
        capacity = {c: self._capacity[c] for flow in flows for c in self._binding(flow.channels)}
        for flow, rate in zip(flows, allocate([flow.demand for flow in flows], capacity), strict=True):
            if rate == flow.rate and flow.finish_s < math.inf:
                continue  # its end stays; settling it would only add rounding errors
            self._settle(flow, now_s, flow.left_at(now_s))
            flow.rate = rate
            flow.finish_s = now_s + flow.left_bytes / rate if rate > 0 else math.inf
            if not flow.left_bytes:
                flow.finish_s = now_s
            if flow.finish_s < math.inf:
                heapq.heappush(self._ends, (flow.finish_s, flow.number, self._changes, flow))
                self._changes += 1

    def _claim(self, channel: int) -> None:
        """Sum up what the users of a channel could ask for; anew, so that rounding errors do not gather."""
        users = self._on[channel]
        self._claims[channel] = sum(flow.demand.cap_bytes_per_s * flow.times_over(channel) for flow in users)

    def _binding(self, channels: Iterable[int]) -> list[int]:
        """Those of the channels that can bind; in doubt of rounding they can."""
        return [c for c in channels if self._claims[c] > self._capacity[c] * (1 - 1e-9) and len(self._on[c]) > 1]

    def _connected(self, flows: Iterable[Flow], channels: Iterable[int]) -> list[Flow]:
        """The flows, and all connected with them or with ``channels`` through channels that can bind; by number."""
        found = dict.fromkeys(flows)
        to_visit, seen = list(channels), set(channels)
        while to_visit:
            for flow in self._on[to_visit.pop()]:
                if flow not in found:
                    found[flow] = None
                    new = [channel for channel in self._binding(flow.channels) if channel not in seen]
                    seen.update(new)
                    to_visit.extend(new)
        return sorted(found, key=attrgetter("number"))
