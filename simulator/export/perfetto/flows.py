"""Arrows from the step that threw a request out to the one that took it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from simulator.export.perfetto.events import Event, engine_pid, event, ticks
from simulator.export.perfetto.recorder import Preemption

Flows = dict[tuple[int, int], list[Event]]
"""Ends of arrows by process and tick of the step they belong to."""


def preemption_flows(preemptions: Iterable[Preemption], shown: Collection[tuple[int, int]]) -> Flows:
    """Arrows whose both ends are steps that are ``shown`` (process, first tick).

    A reader binds an end to the slice that was begun last, so it has to follow its step before anything inside.
    """
    flows: Flows = defaultdict(list)
    for number, one in enumerate(preemptions):
        if one.back_s is None:
            continue
        pid, name = engine_pid(one.replica), f"preempted request {one.request}"
        ends = [(pid, ticks(one.out_s)), (pid, ticks(one.back_s))]
        if all(end in shown for end in ends):
            for phase, end in zip("sf", ends, strict=True):
                more = {"cat": "preemption", "id": number} | ({"bp": "e"} if phase == "f" else {})
                flows[end].append(event(phase, name, end[1], pid, **more))
    return flows
