"""An independent exact solver of the fluid model: rates by raising all flows together, in rational numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass
class FluidFlow:
    """``channels``: names with repetition; ``cap``: None = no own limit."""

    arrival: Fraction
    nbytes: Fraction
    channels: tuple[str, ...]
    weight: Fraction = Fraction(1)
    priority: int = 0
    cap: Fraction | None = None


def fair_rates(flows: list[FluidFlow], capacity: dict[str, Fraction]) -> list[Fraction]:
    """Raise the rates of the unfrozen flows of a class until something binds; freeze what it binds; repeat."""
    rates = [Fraction(0)] * len(flows)
    for priority in sorted({flow.priority for flow in flows}):
        rising = [i for i, flow in enumerate(flows) if flow.priority == priority]
        while rising:
            steps = []
            for name, total in capacity.items():
                slope = sum((flows[i].weight * flows[i].channels.count(name) for i in rising), Fraction(0))
                if slope:
                    used = sum((rates[i] * flow.channels.count(name) for i, flow in enumerate(flows)), Fraction(0))
                    steps.append((total - used) / slope)
            steps += [(cap - rates[i]) / flows[i].weight for i in rising if (cap := flows[i].cap) is not None]
            step = min(steps)
            for i in rising:
                rates[i] += step * flows[i].weight
            full = {
                name
                for name, total in capacity.items()
                if total == sum((rates[i] * flow.channels.count(name) for i, flow in enumerate(flows)), Fraction(0))
            }
            rising = [i for i in rising if rates[i] != flows[i].cap and not full & set(flows[i].channels)]
    return rates


def finish_times(flows: list[FluidFlow], capacity: dict[str, Fraction]) -> list[Fraction]:
    """When each flow ends; events are arrivals and ends, rates constant in between."""
    left = [flow.nbytes for flow in flows]
    ends: list[Fraction | None] = [None] * len(flows)
    now = Fraction(0)
    while any(end is None for end in ends):
        active = [i for i, flow in enumerate(flows) if flow.arrival <= now and ends[i] is None]
        rates = dict(zip(active, fair_rates([flows[i] for i in active], capacity), strict=True))
        later = [flow.arrival for flow in flows if flow.arrival > now]
        until = min([now + left[i] / rates[i] for i in active if rates[i]] + later)
        for i in active:
            left[i] -= rates[i] * (until - now)
            if left[i] == 0:
                ends[i] = until
        now = until
    return [end for end in ends if end is not None]
