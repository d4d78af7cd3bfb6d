"""A plan worked out: goals, objectives, requests, rates, the limits to try; what every candidate is held against."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.metrics.goodput import Objectives
from simulator.models.catalog import hugging_face_id, load_model
from simulator.planning.bounds import Demand
from simulator.planning.configuration import Configuration, Limits, devices
from simulator.planning.mix import busiest_hour, drawn_from, rate_load, with_requests
from simulator.planning.schema import Plan
from simulator.planning.traffic import Rates
from simulator.scenario.economics_section import Economics, Price
from simulator.scenario.mirror import plain
from simulator.scenario.schema import Scenario
from simulator.study.goals import Goal
from simulator.study.load import RateLoad, at_multiple
from simulator.study.question import Question, ask
from simulator.workload.spec import WorkloadSpec

EXAMPLE = "such as 'ttft:p95<500ms' or 'tpot:p95<40ms'"


class Brief:
    """What is asked of a fleet. Raises ``InputError`` for goals, prices and traffic that cannot be used."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._written, own_peak = busiest_hour(plan.workload.build())
        self.mix = drawn_from(self._written)
        self._question = _question(plan, self.mix)
        _refuse_goals(plan, self._question.goals)
        self.rates = self._rates(own_peak)
        self._prices = _prices(plan)

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Bounds the fleet must keep."""
        return self._question.goals

    @property
    def objectives(self) -> Objectives:
        """What makes one request good."""
        return self._question.objectives

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed in reading the goals."""
        return self._question.notes

    def limits(self) -> list[Limits]:
        """Every combination of engine limits, vLLM's own first."""
        space = self.plan.space
        found = [Limits(seqs, tokens) for seqs in space.max_num_seqs for tokens in space.max_num_batched_tokens]
        return sorted(found, key=lambda one: (one.max_num_seqs is not None) + (one.max_num_batched_tokens is not None))

    def load(self, requests: int, low: float | None = None) -> RateLoad:
        """So many requests at any rate; ``low``: the lowest (requests/s)."""
        return rate_load(with_requests(self.mix, requests), self.plan.search.seed, self.plan.search.tolerance, low)

    @property
    def model_name(self) -> str:
        """As the user wrote it; a ``config.json`` or its folder by the model's own name."""
        written = self.plan.model
        return load_model(written).name if hugging_face_id(written) is None else written

    @property
    def traffic_name(self) -> str:
        """Where the requests come from, in a few words: ``profile azure-conv-2023``."""
        spec = self._written
        if spec.profile is not None:
            return f"profile {Path(spec.profile.name).name}"
        if spec.trace is not None:
            return f"trace {Path(spec.trace.path).name}"
        return "sessions" if spec.sessions is not None else "synthetic requests"

    @cached_property
    def demand(self) -> Demand:
        """Mean work of a request."""
        load = self.load(self.plan.search.requests)
        table = load.workload(load.ladder[load.start], self.plan.search.seed).table
        return Demand.of(table, prefix_caching=self.plan.engine.enable_prefix_caching)

    def scenario(
        self,
        configuration: Configuration,
        limits: Limits,
        requests: int,
        *,
        replicas: int = 1,
        rate: float | None = None,
    ) -> Scenario:
        """The scenario of a fleet of one configuration at a rate (requests/s; None: the workload's own)."""
        plan, written = self.plan, with_requests(self._written, requests)
        engine: dict[str, Any] = {name: getattr(plan.engine, name) for name in type(plan.engine).model_fields}
        chosen = {name: value for name, value in vars(limits).items() if value is not None}
        return Scenario(
            model=plan.model,
            hardware=configuration.hardware,
            parallel={"tensor_parallel_size": configuration.tensor_parallel_size},
            dtypes={"weights": configuration.weights, "kv_cache": configuration.kv_cache},
            engine=type(plan.engine)(**(engine | chosen)),
            replicas=replicas,
            workload=plain(written if rate is None else at_multiple(written, rate / self._own_rate)),
            sampling=plan.sampling,
            slo=plan.slo,
            economics=self.economics(configuration),
            run={"seed": plan.search.seed},
        )

    def economics(self, configuration: Configuration) -> Economics:
        """The plan's, with the price of the hardware where the plan gives one."""
        price = self._prices.get(load_hardware(configuration.hardware).name)
        return self.plan.economics if price is None else self.plan.economics.model_copy(update={"price": price})

    def question(self, scenario: Scenario, low: float | None, seeds: int) -> Question:
        """The largest rate of a scenario under the plan's goals."""
        tolerance = self.plan.search.tolerance
        return Question(scenario, self.goals, self.objectives, "rate", low, None, tolerance, seeds)

    def _rates(self, own_peak: float) -> Rates:
        traffic = self.plan.traffic
        try:
            load = self.load(self.plan.search.requests)
        except InputError as error:
            raise _in_plan(self.plan, error) from None
        own = load.ladder[load.start]
        if traffic.rate_per_s is None and self._written != self.plan.workload.build() and own_peak == 1.0:
            rule = "is missing: the workload has no rate of its own"
            raise self.plan.document.error(("traffic", "rate_per_s"), rule, hint="give requests per second (--rate)")
        self._own_rate = own
        return traffic.rates(own, own_peak)


def _question(plan: Plan, mix: WorkloadSpec) -> Question:
    """Goals and objectives, read by the goal search (for a scenario that is never run)."""
    scenario = Scenario(
        model=plan.model, hardware=plan.hardware[0], workload=plain(with_requests(mix, 1)), slo=plan.slo
    )
    try:
        return ask(scenario, plan.goals, goodput=plan.goodput)
    except InputError as error:
        if error.file in ("--goal", "--goodput"):
            place = "goals" if error.file == "--goal" else "goodput"
            raise plan.document.error((place,), error.problem, value=error.value, hint=error.hint) from None
        raise


def _refuse_goals(plan: Plan, goals: tuple[Goal, ...]) -> None:
    if not goals:
        rule = f"must name at least one goal, {EXAMPLE}: without one any queue would do"
        raise plan.document.error(("goals",), rule)
    for goal in goals:
        if goal.rises_with_load:
            rule = "cannot be a goal of a plan: the traffic says how much is served; bound latencies or goodput's share"
            raise plan.document.error(("goals",), rule, value=goal.text)


def _prices(plan: Plan) -> dict[str, Price]:
    """Hardware name -> price of the plan."""
    allowed = {device.name for device in devices(plan)}
    found = {}
    for key, price in plan.prices.items():
        try:
            name = load_hardware(key).name
        except InputError as error:
            raise plan.document.error(("prices", key), error.problem, hint=error.hint) from None
        if name not in allowed:
            rule = f"is not among the plan's hardware; it allows {', '.join(plan.hardware)}"
            raise plan.document.error(("prices", key), rule)
        found[name] = price
    return found


def _in_plan(plan: Plan, error: InputError) -> InputError:
    if error.file is not None or error.path is None:
        return error
    return plan.document.error(tuple(error.path.split(".")), error.problem, value=error.value, hint=error.hint)
