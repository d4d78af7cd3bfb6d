"""Drive a core without a clock and write down everything it decides."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from simulator.engine.acceptance import PositionalAcceptance
from simulator.engine.build import Loop, build_core
from simulator.engine.config import EngineConfig
from simulator.engine.core import ReferenceCore
from simulator.engine.fit import NeverFits
from simulator.engine.plan import StepPlan
from simulator.engine.request import Request


@dataclass(frozen=True)
class Arrival:
    """A request of a test: it arrives before the plan numbered ``step``."""

    row: int
    step: int
    prompt: int
    output: int
    priority: int = 0
    adapter: int = 0
    segments: tuple[tuple[int, int], ...] | None = None

    def request(self, max_model_len: int) -> Request:
        return Request(
            self.row,
            self.prompt,
            self.output,
            max_model_len,
            arrival=self.step + self.row / 1000,  # distinct, as on a clock: ties could preempt each other for ever
            priority=self.priority,
            adapter=self.adapter,
            segments=None if self.segments is None else list(self.segments),
        )


@dataclass
class History:
    """What a core did, step by step, in comparable form."""

    steps: list[tuple[object, ...]] = field(default_factory=list)
    finished: list[tuple[int, int, int, int]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    tokens: dict[int, int] = field(default_factory=dict)
    entered: list[int] = field(default_factory=list)
    peak_running: int = 0
    peak_tokens: int = 0
    burst_tokens: int = 0


def drive(
    config: EngineConfig,
    arrivals: list[Arrival],
    loop: Loop = "fast",
    rates: tuple[float, ...] = (0.7, 0.5, 0.3, 0.2, 0.1),
    max_steps: int = 20_000,
    core: ReferenceCore | None = None,
) -> History:
    """Plan and commit until nothing is left; checks conservation on the way."""
    core = core or build_core(config, PositionalAcceptance(rates, seed=1), loop)
    todo = deque(sorted(arrivals, key=lambda arrival: (arrival.step, arrival.row)))
    history = History()
    in_flight: deque[StepPlan] = deque()
    depth = 2 if config.async_scheduling else 1
    for step in range(max_steps):
        while todo and todo[0].step <= step:
            request = todo.popleft().request(config.max_model_len)
            try:
                core.add(request)
            except NeverFits:
                history.refused.append(request.row)
        plan = core.plan()
        _write_down(core, plan, history)
        in_flight.append(plan)
        while len(in_flight) >= depth or (in_flight and plan.empty):
            committed = in_flight.popleft()
            done = core.commit(committed)
            history.burst_tokens += committed.burst_tokens
            for request in done:
                history.finished.append(
                    (request.row, request.first_token_step, committed.index, request.limit - request.prompt_tokens)
                )
        if not todo and not core.has_work and not in_flight:
            _check_emission(history)
            return history
    raise AssertionError(f"not finished after {max_steps} steps: {core.running} {list(core.waiting)}")


def _write_down(core: ReferenceCore, plan: StepPlan, history: History) -> None:
    rows = [(row.request.row, row.new, row.before, row.drafts) for row in core.expand(plan)]
    for row, new, _, _ in rows:
        history.tokens[row] = history.tokens.get(row, 0) + new
    history.steps.append(
        (
            plan.index,
            rows,
            sorted(request.row for request in plan.preempted),
            [request.row for request in core.running],
            [request.row for request in core.waiting],
            core.pool.used,
            plan.features.as_dict(),
            plan.gap_seqs,
            sorted(plan.odd_gaps),
            [request.row for request in plan.finishing],
        )
    )
    for request in core.running:
        if request.row not in history.entered:
            history.entered.append(request.row)
    history.peak_running = max(history.peak_running, len(core.running))
    history.peak_tokens = max(history.peak_tokens, sum(new for _, new, _, _ in rows))
    assert 0 <= core.pool.used <= core.pool.total


def _check_emission(history: History) -> None:
    """Every token delivered is a request's first, or ends a gap, or came in a burst."""
    gaps = sum(int(step[7]) + len(step[8]) for step in history.steps)  # type: ignore[call-overload, arg-type]
    emitted = sum(tokens for _, _, _, tokens in history.finished)
    assert emitted == len(history.finished) + gaps + history.burst_tokens
