"""inferplan: what latency, throughput, memory and cost a foundation model will have, before you rent the hardware.

The public API is small and loads lazily, so that ``import simulator`` and ``inferplan --help`` stay quick:

>>> from simulator import Scenario, run
>>> workload = {"profile": {"name": "chat-short", "num_requests": 50}}
>>> result = run(Scenario(model="llama-3.1-8b", hardware="h100", workload=workload))
>>> 10 < result.summary["p99_ttft_ms"] < 1000  # milliseconds
True
>>> len(result.requests), result.requests.index.name  # DataFrame, one row per request
(50, 'request')
>>> figure = result.plot.latency_cdf()  # matplotlib; also: timeline, latency_load, operator_breakdown

``result.save(folder)`` writes everything, ``result.export`` the formats of other tools; ``goal`` finds the largest load
that meets goals; ``Scenario.from_yaml`` reads a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from simulator.cost.estimate import estimate
    from simulator.planning.planner import plan
    from simulator.planning.result import PlanResult
    from simulator.planning.schema import Plan
    from simulator.result import RunResult
    from simulator.runner import run
    from simulator.scenario.schema import Scenario
    from simulator.study.answer import GoalAnswer
    from simulator.study.largest_load import goal
    from simulator.sweeping.runner import sweep

__all__ = [
    "GoalAnswer",
    "Plan",
    "PlanResult",
    "RunResult",
    "Scenario",
    "__version__",
    "estimate",
    "goal",
    "plan",
    "run",
    "sweep",
]

_HOMES = {
    "Scenario": "simulator.scenario.schema",
    "RunResult": "simulator.result",
    "run": "simulator.runner",
    "estimate": "simulator.cost.estimate",
    "sweep": "simulator.sweeping.runner",
    "goal": "simulator.study.largest_load",
    "GoalAnswer": "simulator.study.answer",
    "Plan": "simulator.planning.schema",
    "PlanResult": "simulator.planning.result",
    "plan": "simulator.planning.planner",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
