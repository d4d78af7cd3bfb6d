"""Weighted max-min fair rates with strict priorities and caps, by progressive filling.

All flows of a priority class rise together, each in proportion to its weight, until a channel is full or a flow reaches
its cap; the flows concerned keep their rate and the others rise on. The result is the one allocation in which no flow
can gain without a flow of equal or smaller rate per weight losing (Bertsekas and Gallager, Data Networks, section
6.5.2). A class sees only what the classes before it leave.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """What one flow asks for.

    ``channels``: ``(channel, times it is crossed)``, at least one. ``priority``: classes are served in ascending order.
    ``cap_bytes_per_s``: own limit, may be infinite.
    """

    channels: tuple[tuple[int, int], ...]
    weight: float
    priority: int
    cap_bytes_per_s: float


def allocate(demands: Sequence[Demand], capacity: Mapping[int, float]) -> list[float]:
    """Rate of each demand in bytes/s, in the order given.

    ``capacity``: bytes/s of the channels that can bind; others may be left out. Every demand needs a finite cap or a
    channel that can bind.
    """
    rates = [0.0] * len(demands)
    left = dict(capacity)
    for priority in sorted({demand.priority for demand in demands}):
        _fill([i for i, demand in enumerate(demands) if demand.priority == priority], demands, left, rates)
    return rates


def _fill(members: Sequence[int], demands: Sequence[Demand], left: dict[int, float], rates: list[float]) -> None:
    """Give one class its rates and take them off ``left``. A level is a rate per unit of weight."""
    users: dict[int, dict[int, float]] = {}
    for i in members:
        for channel, times in demands[i].channels:
            if channel in left:
                users.setdefault(channel, {})[i] = demands[i].weight * times
    full_at = {channel: left[channel] / sum(weights.values()) for channel, weights in users.items()}
    # Channels and caps in the order in which they bind. A channel's level changes when users of it are settled: the
    # new one is pushed, the old entry recognised by its value. Caps are numbered below all channels, so come first.
    levels = [(level, channel) for channel, level in full_at.items()]
    levels += [(demands[i].cap_bytes_per_s / demands[i].weight, -1 - i) for i in members]
    heapq.heapify(levels)
    rising = set(members)
    while rising:
        level, binding = heapq.heappop(levels)
        if binding < 0:
            i = -1 - binding
            settled = [(i, demands[i].cap_bytes_per_s)] if i in rising else []
        elif full_at.get(binding) != level:
            continue
        else:
            settled = [(i, demands[i].weight * level) for i in users[binding]]
        touched: dict[int, None] = {}
        for i, rate in settled:
            rising.discard(i)
            rates[i] = rate
            for channel, times in demands[i].channels:
                if channel not in left:
                    continue
                left[channel] = max(0.0, left[channel] - rate * times)
                del users[channel][i]
                touched[channel] = None
        for channel in touched:
            del full_at[channel]
            if users[channel]:
                # Summed anew: subtracting weights of very different size would leave rounding errors as weight.
                full_at[channel] = left[channel] / sum(users[channel].values())
                heapq.heappush(levels, (full_at[channel], channel))
