"""``simulator.goal``: the largest load that meets goals, in one call."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.scenario.schema import Scenario
from simulator.study.answer import GoalAnswer
from simulator.study.find import find
from simulator.study.question import ask


def goal(
    scenario: Scenario,
    goals: str | Sequence[str] = (),
    *,
    maximize: str = "rate",
    goodput: str | None = None,
    low: float | None = None,
    high: float | None = None,
    tolerance: float = 0.02,
    seeds: int = 5,
    workers: int = 1,
    curve: bool = True,
) -> GoalAnswer:
    """The largest load that meets goals, with its 95 % interval, and what stands in the way of more.

    Parameters
    ----------
    goals: texts such as ``ttft:p95<300ms``; none = ``goodput>=0.99`` under the scenario's ``slo``, else stability.
    maximize: ``rate`` (requests/s), ``concurrency`` (requests in flight), or ``goodput`` (good requests/s).
    goodput: what makes a request good, in ms: ``ttft:200 tpot:50``; None = the scenario's ``slo``.
    low, high: limits of the search, in units of the load; None = ours.
    tolerance: relative step between loads.
    seeds: repetitions; the interval comes from them.
    workers: processes for the seeds behind the first; the answer does not depend on it.
    curve: whether to run whole runs around the answer too, for ``.plot``.

    Raises ``InputError`` for goals that cannot be read and for a scenario that cannot be run.

    >>> from simulator import Scenario, goal
    >>> requests = {"num_requests": 200, "arrival": {"kind": "poisson", "rate_per_s": 10}}
    >>> lengths = {"prompt_tokens": 512, "output_tokens": 16}
    >>> scenario = Scenario(model="llama-3.1-8b", hardware="h100", workload={"synthetic": requests | lengths})
    >>> answer = goal(scenario, "ttft:p95<200ms", seeds=2, tolerance=0.1, curve=False)
    >>> answer.status, answer.unit, answer.estimate.low <= answer.estimate.load <= answer.estimate.high
    ('found', 'requests/s', True)
    >>> bool((answer.points["ttft:p95<200ms"] > 0).any())  # milliseconds
    True
    """
    texts = [goals] if isinstance(goals, str) else list(goals)
    question = ask(
        scenario,
        texts,
        goodput=goodput,
        maximize=maximize,
        low=low,
        high=high,
        tolerance=tolerance,
        seeds=seeds,
    )
    return find(question, workers=workers, curve=curve)
