"""Look at a run while it goes, at growing intervals, and stop it once its outcome is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.cluster.replica import Replica
from simulator.cluster.splitter import RoundRobin, Splitter
from simulator.engine.request import Request
from simulator.metrics.goodput import Objectives
from simulator.metrics.window import WindowRule
from simulator.study.early import Early, Sofar, beyond_doubt, certain_miss
from simulator.study.goals import Goal
from simulator.workload.workload import Workload

FIRST_LOOK = 100
"""Requests sent before the first look."""

GROWTH = 1.25
"""Each look comes when this many times as many requests were sent, or finished, as at the last one."""

CONFIRM = 2
"""Looks in a row that must agree before a verdict short of certainty counts."""


class Stopped(Exception):
    """Ends a simulation from within; not an error."""


class Watcher:
    """A splitter that passes requests on and looks at the run in between; ``progress`` looks during the drain.

    ``early``: the outcome once it is known. ``replicas``: those of the run, whose logs hold what a stopped run left.
    """

    def __init__(
        self,
        workload: Workload,
        rule: WindowRule,
        goals: Sequence[Goal],
        objectives: Objectives,
        *,
        stationary: bool,
        route: Splitter | None = None,
    ) -> None:
        self.early: Early | None = None
        self.replicas: Sequence[Replica] = ()
        self._goals, self._objectives = goals, objectives
        self._stationary = stationary
        self._route = route or RoundRobin()
        self._total = len(workload.table)
        self._total_gaps = int(workload.table.output_tokens.sum()) - self._total
        self._from_s = _warmup_end_s(workload, rule)
        # Without the drain, what finishes after the last arrival may not count: no looks then.
        self._watch_drain = not rule.exclude_drain
        self._met_before: bool | None = None
        self._agreeing = 0
        self._sent = 0
        self._next_sent = self._next_done = FIRST_LOOK

    def choose(self, replicas: Sequence[Replica], request: Request) -> Replica:
        """The replica that will serve the request. Raises ``Stopped`` once the outcome is known."""
        self.replicas = replicas
        if self._sent >= self._next_sent:
            self._next_sent = int(GROWTH * self._sent) + 1
            self._look()
        self._sent += 1
        return self._route.choose(replicas, request)

    def progress(self, now_s: float, done: int, total: int) -> None:
        """Called by the simulation as requests finish."""
        if self._watch_drain and done >= self._next_done and done < total:
            self._next_done = int(GROWTH * done) + 1
            self._look()

    def _look(self) -> None:
        sofar = self._sofar()
        self.early = certain_miss(self._goals, sofar, self._objectives)
        if self.early is None and self._stationary and self._sent < self._total:
            self.early = self._confirmed(beyond_doubt(self._goals, sofar, self._objectives))
        if self.early is not None:
            raise Stopped

    def _confirmed(self, seen: Early | None) -> Early | None:
        """What ``CONFIRM`` looks in a row agree on: one stretch of luck or a swell is no verdict."""
        met = None if seen is None else not seen.missed
        self._agreeing = self._agreeing + 1 if met is not None and met == self._met_before else 1
        self._met_before = met
        return seen if self._agreeing >= CONFIRM else None

    def _sofar(self) -> Sofar:
        first = self.replicas[0]
        waiting = [
            request.arrival
            for replica in self.replicas
            for request in replica.core.waiting
            if request.scheduled_step < 0
        ]
        return Sofar(
            now_s=first.clock.now,
            log=first.requests,
            steps=[replica.steps for replica in self.replicas],
            total=self._total,
            total_gaps=self._total_gaps,
            from_s=self._from_s,
            waiting_since_s=np.array(waiting, dtype=np.float64),
        )


def _warmup_end_s(workload: Workload, rule: WindowRule) -> float:
    """Arrivals before are not measured; infinite where only the run itself decides when that is."""
    if not (rule.warmup_s or rule.warmup_fraction):
        return -np.inf
    if workload.max_concurrency is not None or workload.table.after_row is not None:
        return np.inf
    arrival = workload.table.arrival_s
    return float(arrival[0] + max(rule.warmup_s, rule.warmup_fraction * (arrival[-1] - arrival[0])))
