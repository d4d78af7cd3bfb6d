"""What is asked: a scenario, goals, what to turn up, how finely and how surely."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from simulator.errors import InputError, did_you_mean
from simulator.metrics.goodput import Objectives
from simulator.scenario.schema import Scenario
from simulator.study.goal_text import parse_goals, parse_objectives
from simulator.study.goals import Goal, Metric
from simulator.study.load import ConcurrencyLoad, Load, RateLoad

Maximize = Literal["rate", "concurrency", "goodput"]
MAXIMIZE: tuple[str, ...] = get_args(Maximize)

FROM_SLO = "goodput>=0.99"
"""The goal of a scenario with objectives for which no goal is given: its capacity as load tests define it."""

FINEST, COARSEST = 1e-3, 0.5
"""Range of the tolerance."""


@dataclass(frozen=True)
class Question:
    """The largest load that meets ``goals``.

    ``maximize``: ``rate`` (requests/s), ``concurrency`` (requests in flight), or ``goodput``: the rate at which most
    requests per second meet ``objectives``. ``low``, ``high``: limits of the search, in units of the load; None = ours.
    ``objectives``: what makes a request good; of the latency goals when neither ``--goodput`` nor ``slo`` says.
    ``tolerance``: relative step between loads. ``seeds``: independent repetitions, from the scenario's seed on.
    """

    scenario: Scenario
    goals: tuple[Goal, ...]
    objectives: Objectives
    maximize: Maximize = "rate"
    low: float | None = None
    high: float | None = None
    tolerance: float = 0.02
    seeds: int = 5
    notes: tuple[str, ...] = field(default=())

    def load(self) -> Load:
        """What is turned up. Raises ``InputError`` for a workload in which it cannot be."""
        kind = ConcurrencyLoad if self.maximize == "concurrency" else RateLoad
        spec, seed = self.scenario.workload_spec(), self.scenario.run.seed
        try:
            return kind(spec, seed, self.low, self.high, self.tolerance)
        except InputError as error:
            raise self.scenario.located(error) from None


def ask(
    scenario: Scenario,
    goals: tuple[str, ...] | list[str],
    *,
    goodput: str | None = None,
    maximize: str = "rate",
    low: float | None = None,
    high: float | None = None,
    tolerance: float = 0.02,
    seeds: int = 5,
) -> Question:
    """A question from texts: ``goals`` such as ``ttft:p95<300ms``, ``goodput`` such as ``ttft:200 tpot:50`` (ms).

    The scenario's ``slo`` stands in for ``goodput``; with an ``slo`` and no goal, the goal is ``goodput>=0.99``.
    Without either the load only has to be stable. Raises ``InputError``.
    """
    if maximize not in MAXIMIZE:
        raise InputError(
            f"must be one of {', '.join(MAXIMIZE)}",
            file="--maximize",
            value=maximize,
            hint=did_you_mean(maximize, MAXIMIZE),
        )
    if not FINEST <= tolerance <= COARSEST:
        raise InputError(f"must lie in {FINEST:g}..{COARSEST:g}", file="--tolerance", value=tolerance)
    if seeds < 1:
        raise InputError("must be at least 1", file="--seeds", value=seeds)
    objectives = scenario.slo.objectives() if goodput is None else parse_objectives(goodput)
    if maximize == "goodput" and objectives.empty:
        hint = "give --goodput 'ttft:200 tpot:50' (milliseconds), or set slo in the scenario"
        raise InputError("goodput needs objectives: what makes a request good", file="--maximize", hint=hint)
    notes: tuple[str, ...] = ()
    if not goals and not objectives.empty and maximize != "goodput":
        goals, notes = (FROM_SLO,), (f"no --goal given: {FROM_SLO} under the scenario's slo",)
    parsed = parse_goals(goals, objectives)
    if maximize == "concurrency" and not any(not goal.rises_with_load for goal in parsed):
        rule = "needs a goal that too much load misses, such as ttft:p95<300ms: a closed loop is always stable"
        raise InputError(rule, file="--maximize", value=maximize)
    objectives = _of_goals(parsed) if objectives.empty else objectives
    chosen: Maximize = "rate" if maximize == "rate" else "concurrency" if maximize == "concurrency" else "goodput"
    return Question(scenario, parsed, objectives, chosen, low, high, tolerance, seeds, notes)


def _of_goals(goals: tuple[Goal, ...]) -> Objectives:
    """The bounds of latency goals as objectives of a request, so that points and charts can tell goodput too."""
    names = {Metric.TTFT: "ttft_ms", Metric.TPOT: "tpot_ms", Metric.E2EL: "e2el_ms"}
    bounds: dict[str, float] = {}
    for goal in goals:
        if goal.metric in names:
            name = names[goal.metric]
            bounds[name] = min(1e3 * goal.bound, bounds.get(name, float("inf")))
    return Objectives(**bounds)
