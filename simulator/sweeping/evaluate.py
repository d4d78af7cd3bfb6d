"""Run one point, in whatever process it lands; what points share is built once per process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache
from traceback import extract_tb
from typing import Any, Generic, TypeVar

import simulator
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.errors import InputError
from simulator.metrics.logs import FINISHED, RequestLog
from simulator.metrics.summary import RunRecords, Summary, mean_of
from simulator.run_title import wired_title
from simulator.scenario.schema import Scenario
from simulator.serving_run import economics_of, simulate_wiring, summary_of
from simulator.sweeping.metrics import Metrics, metrics_of
from simulator.wiring import DeploymentChoice, Wiring, build_deployment, wire
from simulator.workload.generate import generate
from simulator.workload.same import same_requests
from simulator.workload.workload import Workload

T = TypeVar("T")

DEPLOYMENTS, WORKLOADS = 8, 4
"""How many of each a process keeps: some MB the one, as long as a trace the other."""

_TABLE = 8192
"""Tokens the tables of a deployment begin with; they grow with the steps that come."""


@dataclass(frozen=True)
class Task:
    """A point as it travels: plain data. ``version``: of the program that planned it."""

    id: str
    scenario: dict[str, Any]
    seeds: int
    files: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Outcome:
    """What came of a point; ``error`` None = it ran."""

    error: str | None
    metrics: Metrics = field(default_factory=dict)
    title: str = ""


def run_task(task: Task) -> Outcome:
    """The task's outcome; whatever goes wrong is part of it."""
    if task.version != simulator.__version__:
        return Outcome(f"the worker has inferplan {simulator.__version__}, the sweep was planned by {task.version}")
    try:
        return _own_bench().run(task)
    except InputError as error:
        return Outcome(str(error))
    except Exception as error:
        where = extract_tb(error.__traceback__)[-1]
        return Outcome(f"unexpected {type(error).__name__}: {error} (in {where.name}, line {where.lineno})")


@cache
def _own_bench() -> Bench:
    """This process's."""
    return Bench()


class Bench:
    """Runs points one at a time and keeps what the next ones may need: deployments with their tables, workloads."""

    def __init__(self) -> None:
        self._deployments: Recent[Deployment] = Recent(DEPLOYMENTS)
        self._costs: Recent[CompiledStepCost] = Recent(DEPLOYMENTS)
        self._workloads: Recent[Workload] = Recent(WORKLOADS)
        # Workers of some executors are threads; a simulation is pure Python, so that nothing is lost by waiting.
        self._turn = threading.Lock()

    def run(self, task: Task) -> Outcome:
        """Run a point with all its seeds. Raises ``InputError`` for one that cannot be run."""
        with self._turn:
            scenario = Scenario(**task.scenario)
            choice = (repr(DeploymentChoice.of(scenario)), task.files)
            wiring = wire(
                scenario, build=lambda wanted: self._deployments.get(choice, lambda: build_deployment(wanted))
            )
            cost = self._costs.get(
                (choice, wiring.deployment.context_tokens),
                lambda: CompiledStepCost(wiring.deployment, max_num_batched_tokens=_TABLE),
            )
            return self._outcome(wiring, cost, task)

    def _outcome(self, wiring: Wiring, cost: CompiledStepCost, task: Task) -> Outcome:
        first: Workload | None = None
        summaries: list[Summary] = []
        for seed in range(wiring.scenario.run.seed, wiring.scenario.run.seed + task.seeds):
            workload = self._workload(wiring.scenario, seed, task.files)
            if first is not None and wiring.acceptance is None and same_requests(workload, first):
                summaries.append(summaries[0])
                continue
            outcome = simulate_wiring(wiring, workload, seed, cost=cost)
            _refuse_idle(outcome.request_log)
            records = RunRecords(workload, outcome.request_log, outcome.step_logs)
            summaries.append(summary_of(wiring, records) | economics_of(wiring, records))
            first = first or workload
        assert first is not None
        mean = summaries[0] if len(summaries) == 1 else mean_of(summaries)
        metrics = metrics_of(mean, wiring.deployment.tensor_parallel_size)
        return Outcome(None, metrics, wired_title(wiring, first.description))

    def _workload(self, scenario: Scenario, seed: int, files: tuple[str, ...]) -> Workload:
        spec = scenario.workload_spec()
        return self._workloads.get((repr(spec), seed, files), lambda: generate(spec, seed))


def _refuse_idle(log: RequestLog) -> None:
    """A run that serves nobody has no figures. Raises ``InputError``."""
    if not (log.column("status") == FINISHED).any():
        reason = next(iter(log.refusals.values()), "there are none")
        raise InputError(f"no request can be served: {reason}", path="workload")


class Recent(Generic[T]):
    """The few things used last, by key. What could not be built is remembered with its reason."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, T | InputError] = OrderedDict()

    def get(self, key: Hashable, build: Callable[[], T]) -> T:
        """What was built for the key, or is built now; the one not used for longest makes room. Raises ``InputError``
        where it cannot be built."""
        if key not in self._kept:
            try:
                self._kept[key] = build()
            except InputError as error:
                self._kept[key] = error
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        found = self._kept[key]
        if isinstance(found, InputError):
            raise found
        return found
