"""Drive the naive oracle in the shape of ``replay``: one ``GoldenStep`` per step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict

from simulator.engine.golden import GoldenSchedule, GoldenStep
from tests.engine.oracle import Item, Oracle, Output


def replay_oracle(schedule: GoldenSchedule) -> Iterator[GoldenStep]:
    config = schedule.config
    oracle = Oracle(**asdict(config))
    todo = deque(sorted(schedule.requests, key=lambda request: (request.arrival_step, request.id)))
    in_flight: deque[Output] = deque()
    depth = 2 if config.async_scheduling else 1
    step = 0
    while True:
        while todo and todo[0].arrival_step <= step:
            request = todo.popleft()
            prompt = [(segment, index) for segment, length in request.segments for index in range(length)]
            oracle.waiting.append(
                Item(
                    request.id,
                    prompt,
                    request.output_tokens,
                    request.arrival_step,
                    request.priority,
                    request.adapter,
                    list(request.accepted),
                    list(prompt),
                )
            )
        out = oracle.schedule()
        yield GoldenStep(
            step=step,
            scheduled=[(id_, new, before) for id_, (new, before) in out.rows.items()],
            preempted=sorted(item.id for item in oracle.waiting if item.was_preempted),
            running=[item.id for item in oracle.running],
            waiting=[item.id for item in oracle.waiting_order()],
            used_blocks=config.num_blocks - len(oracle.free),
            drafts=dict(out.drafts) if config.num_speculative_tokens else None,
        )
        in_flight.append(out)
        while len(in_flight) >= depth or (in_flight and not out.rows):
            oracle.update(in_flight.popleft())
        step += 1
