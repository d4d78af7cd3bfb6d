"""inferplan: what latency, throughput, memory and cost a foundation model will have, before you rent the hardware.

The public API is small and loads lazily, so that ``import simulator`` and ``inferplan --help`` stay quick::

    from simulator import Scenario, run
    result = run(Scenario.from_yaml("scenario.yaml"))
    result.summary["p99_ttft_ms"]        # milliseconds
    result.requests                      # pandas DataFrame, one row per request
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from simulator.cost.estimate import estimate
    from simulator.result import RunResult
    from simulator.runner import run
    from simulator.scenario.schema import Scenario
    from simulator.sweeping.runner import sweep

__all__ = ["RunResult", "Scenario", "__version__", "estimate", "run", "sweep"]

_HOMES = {
    "Scenario": "simulator.scenario.schema",
    "RunResult": "simulator.result",
    "run": "simulator.runner",
    "estimate": "simulator.cost.estimate",
    "sweep": "simulator.sweeping.runner",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
