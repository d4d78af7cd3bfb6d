"""One run at one load with one seed: are the goals met?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.cluster.simulation import simulate
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.step_cost import StepCost
from simulator.errors import InputError
from simulator.metrics.goodput import Objectives
from simulator.metrics.logs import FINISHED
from simulator.metrics.summary import RunRecords, Summary, SummaryRules, summarise
from simulator.metrics.window import Window, WindowRule, measured_window
from simulator.metrics.work import run_totals
from simulator.scenario.schema import Scenario
from simulator.study.early import Early
from simulator.study.goals import Goal, goal_value
from simulator.study.load import Load
from simulator.study.stability import STABLE, backlog_drift
from simulator.study.watch import Stopped, Watcher
from simulator.wiring import Wiring, wire

TOO_SHORT = "long enough"
"""Missed by a run that cannot show a load to be sustained: its traffic is over before the system has filled, or before
the warm-up ends."""

QUEUES = 0.1
"""Share of their time in the system that requests spend in the queue, from which on a growing backlog is a queue."""


@dataclass(frozen=True)
class Probe:
    """The outcome of one run.

    ``missed``: texts of the goals not met that more load makes worse, ``stable`` and ``long enough`` among them;
    ``too_low``: of those that more load may yet meet (throughput, goodput in requests/s). ``values``: by goal text, in
    the units of ``Goal.bound``, of what was simulated. ``ended``: ``complete``, or why the run was stopped.
    ``requests``: sent. ``records``, ``summary``: of what was simulated, in complete runs of the
    measured window; the records are dropped when a probe leaves its process.
    """

    load: float
    seed: int
    missed: tuple[str, ...]
    too_low: tuple[str, ...]
    values: dict[str, float | None]
    ended: str
    requests: int
    engine_steps: int
    records: RunRecords | None = field(default=None, compare=False, repr=False)
    summary: Summary = field(default_factory=dict, compare=False, repr=False)

    @property
    def met(self) -> bool:
        """No goal is missed that less load could meet."""
        return not self.missed

    @property
    def complete(self) -> bool:
        """Every request was simulated."""
        return self.ended == "complete"

    def without_records(self) -> Probe:
        """The outcome alone."""
        return replace(self, records=None)


class Prober:
    """Runs a deployment at any load; what does not depend on load or seed is built once.

    ``wiring``, ``cost``: the scenario's, where somebody has built them already, or wants other seconds per step.
    """

    def __init__(
        self,
        scenario: Scenario,
        load: Load,
        goals: Sequence[Goal],
        objectives: Objectives,
        *,
        wiring: Wiring | None = None,
        cost: StepCost | None = None,
    ) -> None:
        self.wiring = wiring or wire(scenario)
        self.load, self.goals, self.objectives = load, tuple(goals), objectives
        self._rule = scenario.run.window_rule()
        engine = self.wiring.engine
        self._cost = cost or CompiledStepCost(
            self.wiring.deployment, max_num_batched_tokens=engine.max_num_batched_tokens
        )

    def probe(self, load: float, seed: int, *, whole: bool = False) -> Probe:
        """Run the requests of ``seed`` under ``load``; ``whole``: to the end, however clear the outcome is."""
        workload = self.load.workload(load, seed)
        watcher = Watcher(
            workload,
            self._rule,
            () if whole else self.goals,
            self.objectives,
            stationary=self.load.stationary and not whole,
        )
        try:
            simulate(
                workload,
                self.wiring.engine,
                self._cost,
                num_replicas=self.wiring.scenario.replicas,
                api_latency_s=self.wiring.deployment.engine.api_delivery_s,
                acceptance=self.wiring.acceptance,
                seed=seed,
                splitter=watcher,
                on_progress=watcher.progress,
            )
        except Stopped:
            for replica in watcher.replicas:
                replica.close()
        log, steps = watcher.replicas[0].requests, [replica.steps for replica in watcher.replicas]
        return self._judged(load, seed, RunRecords(workload, log, steps), watcher.early)

    def _judged(self, load: float, seed: int, records: RunRecords, early: Early | None) -> Probe:
        if early is None and not (records.log.column("status") == FINISHED).any():
            reason = next(iter(records.log.refusals.values()), "there are none")
            raise InputError(f"no request can be served: {reason}", path="workload")
        rule = self._rule if early is None else WindowRule()
        window, missed = _window(records, rule)
        rule = WindowRule() if missed else rule
        values = {goal.text: goal_value(goal, records, window, self.objectives) for goal in self.goals}
        if early is not None:
            missed = early.missed
        else:
            missed = tuple(dict.fromkeys((*self._missed(values), *_unstable(records), *missed)))
        low = tuple(goal.text for goal in self.goals if goal.rises_with_load and not goal.holds(values[goal.text]))
        return Probe(
            load=load,
            seed=seed,
            missed=missed,
            too_low=low,
            values=values,
            ended="complete" if early is None else early.reason,
            requests=int(np.count_nonzero(np.isfinite(records.log.column("arrival_s")))),
            engine_steps=sum(map(len, records.steps)),
            records=records,
            summary=summarise(records, SummaryRules(rule, self.objectives)),
        )

    def _missed(self, values: dict[str, float | None]) -> tuple[str, ...]:
        falling = [goal for goal in self.goals if not goal.rises_with_load]
        return tuple(goal.text for goal in falling if not goal.holds(values[goal.text]))

    def with_utilisation(self, probe: Probe) -> Probe:
        """The probe with MFU and MBU in its summary, which take longer to work out than everything else."""
        assert probe.records is not None
        work = run_totals(self.wiring.deployment, probe.records.steps)
        rules = SummaryRules(WindowRule() if probe.summary["window"]["whole_run"] else self._rule, self.objectives)
        return replace(probe, summary=summarise(probe.records, rules, work))


def _unstable(records: RunRecords) -> tuple[str, ...]:
    """What keeps an open loop from being sustained; nothing in a closed loop, which waits for its server.

    A backlog that grows while hardly anybody queues is a batch that still fills: the run is too short to tell.
    """
    if records.workload.max_concurrency is not None:
        return ()
    arrival, start, finish = (records.log.column(name) for name in ("arrival_s", "scheduled_s", "finish_s"))
    drift = backlog_drift(arrival, finish)
    if drift is None:
        return (TOO_SHORT,)
    if not drift.grows():
        return ()
    late = np.isfinite(finish) & (arrival >= np.nanmedian(arrival))
    queues = float((start - arrival)[late].sum()) > QUEUES * float((finish - arrival)[late].sum())
    return (STABLE,) if queues else (TOO_SHORT,)


def _window(records: RunRecords, rule: WindowRule) -> tuple[Window, tuple[str, ...]]:
    """The measured window; the whole run, and a miss, where the warm-up leaves nothing of it."""
    try:
        return measured_window(records.log, rule), ()
    except InputError:
        return measured_window(records.log, WindowRule()), (TOO_SHORT,)
