"""One replica on the clock: a SimPy process that plans, lets the step's time pass, commits."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Protocol

from simpy.events import Event

from simulator.cluster.clock import Clock
from simulator.engine.config import EngineConfig
from simulator.engine.core import ReferenceCore
from simulator.engine.fit import NeverFits
from simulator.engine.plan import StepPlan
from simulator.engine.policies import POLICIES
from simulator.engine.request import Request
from simulator.metrics.logs import FINISHED, REFUSED, RequestLog, StepLog
from simulator.operators.features import StepFeatures

Steps = Generator[Event, None, None]


class StepSeconds(Protocol):
    """What a replica asks of the cost model."""

    def seconds(self, features: StepFeatures) -> float:
        """Duration of a step in seconds, > 0."""


class StepTap(Protocol):
    """Somebody who looks at every step as it starts, beyond what the logs keep. Must change nothing."""

    def on_step(self, replica: int, plan: StepPlan, start_s: float, end_s: float) -> None:
        """A step of ``replica`` starts; no later step of it has been planned yet. Empty plans have equal times."""


class Stuck(RuntimeError):
    """The scheduler has work and plans nothing: a bug in a policy, never a user's mistake."""


class Replica:
    """An engine core with a clock, a cost model and logs.

    ``delivery_s`` is added to every time a client sees (API server, tokenizer, streaming). ``on_done`` is called with
    (row, time the client saw the end) for each request that finished or was refused. ``tap`` sees every step.
    """

    def __init__(
        self,
        clock: Clock,
        core: ReferenceCore,
        cost: StepSeconds,
        requests: RequestLog,
        steps: StepLog,
        *,
        delivery_s: float,
        on_done: Callable[[int, float], None],
        tap: StepTap | None = None,
    ) -> None:
        self.clock = clock
        self.core = core
        self.requests = requests
        self.steps = steps
        self._cost = cost
        self._delivery_s = delivery_s
        self._on_done = on_done
        self._tap = tap
        self._wake: Event | None = None
        self._last_arrival = -1.0
        self._decode, self._mixed = StepFeatures(), StepFeatures()  # running totals without and with prefill
        steps.num_blocks = core.pool.total
        clock.process(self._batches() if POLICIES[core.config.policy].windowed else self._run())

    @property
    def config(self) -> EngineConfig:
        """The engine's configuration."""
        return self.core.config

    def submit(self, request: Request) -> None:
        """A request arrives now."""
        row, now = request.row, self.clock.now
        # Strictly increasing, as times of a real server are: equal ones could preempt each other for ever.
        request.arrival = self._last_arrival = max(now, math.nextafter(self._last_arrival, math.inf))
        self.requests.arrival_s[row] = now
        self.requests.replica[row] = self.steps.replica
        try:
            self.core.add(request)
        except NeverFits as reason:
            self.requests.status[row] = REFUSED
            self.requests.refusals[row] = str(reason)
            self._on_done(row, now)
            return
        wake = self._wake
        if wake is not None:
            self._wake = None
            wake.succeed()

    # -- the process -------------------------------------------------------------------------------------------------

    def _run(self) -> Steps:
        asynchronous = self.config.async_scheduling
        core, clock = self.core, self.clock
        following: StepPlan | None = None
        while True:
            plan = following if following is not None else self._plan()
            following = None
            if plan.empty:
                yield from self._pass_over(plan)
                continue
            end_s = self._start(plan)
            if asynchronous:
                following = self._plan()
            yield clock.timeout_at(end_s)
            self._complete(plan, core.commit(plan), end_s)

    def _batches(self) -> Steps:
        """Windowed batching: a batch forms when it is full or its oldest request has waited long enough."""
        core, clock = self.core, self.clock
        while True:
            while not core.running and not self._gate_opens():
                self._wake = clock.event()
                opens_s = core.waiting.peek().arrival + self.config.batch_window_s if core.waiting else None
                yield self._wake if opens_s is None else self._wake | clock.timeout_at(max(opens_s, clock.now))
                self._wake = None
            core.gate_open = True
            plan = self._plan()
            core.gate_open = False
            if plan.empty:
                yield from self._pass_over(plan)
                continue
            end_s = self._start(plan)
            yield clock.timeout_at(end_s)
            self._complete(plan, core.commit(plan), end_s)

    def _gate_opens(self) -> bool:
        waiting = self.core.waiting
        if len(waiting) >= self.config.max_num_seqs:
            return True
        return bool(waiting) and self.clock.now >= waiting.peek().arrival + self.config.batch_window_s

    def _plan(self) -> StepPlan:
        core, steps = self.core, self.steps
        plan = core.plan()
        steps.running.append(len(core.running))
        steps.waiting.append(len(core.waiting))
        pool = core.pool
        steps.used_blocks.append(pool.total - pool.free)
        return plan

    def _start(self, plan: StepPlan) -> float:
        """Put the step on the device now; returns when it ends."""
        features = plan.features
        now = self.clock.now
        end_s = now + self._cost.seconds(features)
        steps = self.steps
        steps.start_s.append(now)
        steps.end_s.append(end_s)
        steps.tokens.append(features.tokens)
        steps.decode_seqs.append(features.decode_seqs)
        steps.prefill_tokens.append(features.prefill_tokens)
        steps.gap_seqs.append(plan.gap_seqs)
        if plan.odd_gaps:
            ends = steps.end_s
            steps.odd_gaps_s.extend(end_s - ends[step] for step in plan.odd_gaps)
        self._count(features)
        if self._tap is not None:
            self._tap.on_step(steps.replica, plan, now, end_s)
        return end_s

    def _count(self, features: StepFeatures) -> None:
        totals = self._mixed if features.prefill_seqs else self._decode
        totals.sampled += features.sampled
        totals.decode_kv += features.decode_kv
        totals.decode_queries += features.decode_queries
        if features.prefill_seqs:
            totals.prefill_seqs += features.prefill_seqs
            totals.prefill_tokens += features.prefill_tokens
            totals.prefill_pairs += features.prefill_pairs
            totals.prefill_kv += features.prefill_kv
            totals.prefill_tiles += features.prefill_tiles
        if features.admitted:
            totals.admitted += features.admitted

    def _complete(self, plan: StepPlan, done: list[Request], end_s: float) -> None:
        """The step has ended: write down what its finished requests saw."""
        self.steps.burst_tokens += plan.burst_tokens
        if not done:
            return
        log, starts, ends = self.requests, self.steps.start_s, self.steps.end_s
        delivery_s = self._delivery_s
        finish_s = end_s + delivery_s
        for request in done:
            row = request.row
            log.scheduled_s[row] = starts[request.scheduled_step]
            log.first_token_s[row] = ends[request.first_token_step] + delivery_s
            log.finish_s[row] = finish_s
            log.emitted_tokens[row] = request.limit - request.prompt_tokens
            log.cached_tokens[row] = request.cached_tokens
            log.preemptions[row] = request.preemptions
            log.status[row] = FINISHED
            self._on_done(row, finish_s)

    def _pass_over(self, plan: StepPlan) -> Steps:
        """A plan that computes nothing is done at once; without work the replica sleeps until the next arrival."""
        steps, now = self.steps, self.clock.now
        steps.start_s.append(now)
        steps.end_s.append(now)
        for column in (steps.tokens, steps.decode_seqs, steps.prefill_tokens, steps.gap_seqs):
            column.append(0)
        if self._tap is not None:
            self._tap.on_step(steps.replica, plan, now, now)
        self.core.commit(plan)
        if not self.core.has_work:
            self._wake = self.clock.event()
            yield self._wake
        elif len(steps) >= 3 and steps.tokens[-3:].count(0) == 3 and steps.start_s[-3] == now:
            raise Stuck(f"replica {steps.replica} has {len(self.core.running)} running requests and plans nothing")

    def close(self) -> None:
        """Write the totals into the step log once the run is over."""
        core, steps = self.core, self.steps
        prefill = steps.column("prefill_tokens") > 0
        for totals, kind in ((self._mixed, prefill), (self._decode, ~prefill)):
            totals.tokens = int(steps.column("tokens")[kind].sum(dtype="int64"))
            totals.decode_seqs = int(steps.column("decode_seqs")[kind].sum(dtype="int64"))
        steps.mixed_totals = self._mixed.as_dict()
        decode = self._decode.as_dict()
        steps.feature_totals = {name: total + decode[name] for name, total in steps.mixed_totals.items()}
        steps.preemptions = core.preemptions
        steps.blocked_admissions = core.blocked_admissions
        steps.prefix_queries = core.prefix_queries
        steps.prefix_hits = core.prefix_hits
