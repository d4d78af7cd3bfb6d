"""Run a workload through replicas on one clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.cluster.clock import Clock
from simulator.cluster.replica import Replica, StepSeconds, StepTap
from simulator.cluster.session_source import SessionSource
from simulator.cluster.source import ClosedLoop, OpenLoop, RequestMaker
from simulator.cluster.splitter import RoundRobin, Splitter
from simulator.engine.acceptance import Acceptance, PositionalAcceptance
from simulator.engine.build import Loop, build_core
from simulator.engine.config import EngineConfig
from simulator.engine.request import Request
from simulator.metrics.logs import RequestLog, StepLog
from simulator.workload.workload import Workload

PROGRESS_EVERY = 256

Source = OpenLoop | ClosedLoop | SessionSource

Progress = Callable[[float, int, int], None]
"""Called as ``progress(simulated seconds, requests done, requests in all)``."""


@dataclass(frozen=True)
class SimulationOutcome:
    """The logs of a finished run.

    ``end_s``: simulated time at which the last event happened. ``engine_steps``: steps of all replicas.
    ``timeouts``: events the clock scheduled. ``notes``: what a reader of the result should know.
    """

    request_log: RequestLog
    step_logs: list[StepLog]
    end_s: float
    engine_steps: int
    timeouts: int
    notes: list[str] = field(default_factory=list)


def simulate(
    workload: Workload,
    engine: EngineConfig,
    cost: StepSeconds,
    *,
    num_replicas: int = 1,
    api_latency_s: float = 0.0,
    acceptance: list[float] | None = None,
    seed: int = 0,
    on_progress: Progress | None = None,
    splitter: Splitter | None = None,
    loop: Loop = "fast",
    tap: StepTap | None = None,
) -> SimulationOutcome:
    """Simulate until every request has finished or was refused.

    Parameters
    ----------
    api_latency_s: added to every time a client sees (s).
    acceptance: probability that draft j is accepted given its predecessors were; needed with speculation.
    loop: ``fast``, or ``reference`` to walk over every request at every step (same answer, slower).
    tap: sees every step as it starts.

    Raises ``InputError`` for a configuration under which a valid request could wait for ever.
    """
    clock = Clock()
    total = len(workload.table)
    log = RequestLog(total)
    log.delivery_s = api_latency_s
    counter = _DoneCounter(clock, total, on_progress)
    replicas = [
        Replica(
            clock,
            build_core(engine, _acceptance(engine, acceptance, seed), loop),
            cost,
            log,
            StepLog(index),
            delivery_s=api_latency_s,
            on_done=counter.done,
            tap=tap,
        )
        for index in range(num_replicas)
    ]
    route = splitter if splitter is not None else RoundRobin()

    def send(request: Request) -> None:
        route.choose(replicas, request).submit(request)

    counter.source = _source_type(workload)(clock, workload, RequestMaker(workload.table, engine.max_model_len), send)
    clock.run()
    for replica in replicas:
        replica.close()
    steps = [replica.steps for replica in replicas]
    return SimulationOutcome(log, steps, clock.now, sum(map(len, steps)), clock.events_scheduled, _notes(log))


def _source_type(workload: Workload) -> type[Source]:
    if workload.table.after_row is not None:
        return SessionSource
    return OpenLoop if workload.max_concurrency is None else ClosedLoop


class _DoneCounter:
    """Tells the source and the progress bar about finished requests."""

    def __init__(self, clock: Clock, total: int, on_progress: Progress | None) -> None:
        self._clock = clock
        self._total = total
        self._on_progress = on_progress
        self._count = 0
        self.source: Source | None = None

    def done(self, row: int, finish_s: float) -> None:
        self._count += 1
        if self.source is not None:
            self.source.done(row, finish_s)
        if self._on_progress is not None and (self._count % PROGRESS_EVERY == 0 or self._count == self._total):
            self._on_progress(self._clock.now, self._count, self._total)


def _acceptance(engine: EngineConfig, rates: list[float] | None, seed: int) -> Acceptance | None:
    return PositionalAcceptance(rates or [], seed) if engine.num_speculative_tokens else None


def _notes(log: RequestLog) -> list[str]:
    notes = []
    if log.refusals:
        row, reason = next(iter(log.refusals.items()))
        if len(log.refusals) == 1:
            notes.append(f"1 request (row {row}) was refused at admission because: {reason}")
        else:
            count = f"{len(log.refusals):,} requests"
            notes.append(f"{count} were refused at admission, the first (row {row}) because: {reason}")
    return notes
