"""Replay of golden schedules through the engine core that ``run`` uses, and the comparison step by step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.engine.acceptance import RecordedAcceptance
from simulator.engine.build import Loop, build_core
from simulator.engine.core import ReferenceCore
from simulator.engine.golden import GoldenRequest, GoldenSchedule, GoldenStep
from simulator.engine.plan import StepPlan
from simulator.engine.request import Request
from simulator.workload.shareable import shareable_tokens
from simulator.workload.table import PromptSegments


@dataclass(frozen=True)
class Difference:
    """The first step whose plan is not the recorded one."""

    recorded: GoldenStep
    planned: GoldenStep

    def fields(self) -> list[tuple[str, object, object]]:
        """What differs: ``(field, recorded, planned)``."""
        names = ("scheduled", "preempted", "running", "waiting", "used_blocks", "drafts")
        pairs = ((name, getattr(self.recorded, name), getattr(self.planned, name)) for name in names)
        return [(name, left, right) for name, left, right in pairs if left != right]


def first_difference(schedule: GoldenSchedule, loop: Loop = "fast") -> Difference | None:
    """Replay a schedule; None when every step is identical."""
    planned = replay(schedule, loop)
    for recorded in schedule.steps:
        step = next(planned)
        if step != recorded:
            return Difference(recorded, step)
    return None


def replay(schedule: GoldenSchedule, loop: Loop = "fast") -> Iterator[GoldenStep]:
    """Plan step after step, committing each plan before the next, or one step late with asynchronous scheduling."""
    config = schedule.config
    core = build_core(config, RecordedAcceptance({item.id: item.accepted for item in schedule.requests}), loop)
    in_order = sorted(schedule.requests, key=lambda item: (item.arrival_step, item.id))
    arrivals = deque(zip(in_order, _shareable(in_order), strict=True))
    speculating = config.num_speculative_tokens > 0
    depth = 2 if config.async_scheduling else 1
    in_flight: deque[StepPlan] = deque()
    step = 0
    while True:
        while arrivals and arrivals[0][0].arrival_step <= step:
            core.add(_request(*arrivals.popleft(), config.max_model_len))
        plan = core.plan()
        yield _observe(core, plan, step, speculating)
        in_flight.append(plan)
        while len(in_flight) >= depth or (in_flight and plan.empty):
            core.commit(in_flight.popleft())
        step += 1


def _shareable(items: list[GoldenRequest]) -> list[int]:
    """Tokens each request can have in common with another one of the file."""
    if not items:
        return []
    runs = np.array([run for item in items for run in item.segments], dtype=np.int64)
    offsets = np.cumsum([0, *(len(item.segments) for item in items)])
    return shareable_tokens(PromptSegments(offsets, runs[:, 0], runs[:, 1])).tolist()


def _request(item: GoldenRequest, shareable: int, max_model_len: int) -> Request:
    return Request(
        item.id,
        sum(tokens for _, tokens in item.segments),
        item.output_tokens,
        max_model_len,
        arrival=item.arrival_step,
        priority=item.priority,
        adapter=item.adapter,
        segments=item.segments,
        shareable_tokens=shareable,
    )


def _observe(core: ReferenceCore, plan: StepPlan, step: int, speculating: bool) -> GoldenStep:
    rows = list(core.expand(plan))
    return GoldenStep(
        step=step,
        scheduled=[(row.request.row, row.new, row.before) for row in rows],
        preempted=sorted(request.row for request in core.waiting if request.preempted),
        running=[request.row for request in core.running],
        waiting=[request.row for request in core.waiting],
        used_blocks=core.pool.used,
        drafts={row.request.row: row.drafts for row in rows if row.drafts} if speculating else None,
    )
