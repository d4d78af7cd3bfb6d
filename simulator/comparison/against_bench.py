"""A run against the user's own measurement: metric by metric, with the band the run claims."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from simulator.comparison.metrics import RATES, Pair, shared_metrics

_LOAD = {"completed": "requests", "total_input_tokens": "input tokens", "total_output_tokens": "output tokens"}


@dataclass(frozen=True)
class ComparedMetric:
    """``predicted`` with its band ``low..high`` beside ``measured`` (ms or per second); ``error`` is signed."""

    name: str
    predicted: float
    low: float
    high: float
    measured: float
    error: float | None

    @property
    def inside(self) -> bool:
        """Whether the measurement lies inside the band."""
        return self.low <= self.measured <= self.high


def compare_with_bench(run: dict[str, Any], bench: dict[str, Any]) -> list[ComparedMetric]:
    """Every metric both have. The band is the run's own 80 % band, or where it was run without, that of its steps."""
    return [_compared(pair, run) for pair in shared_metrics(run, bench)]


def workload_mismatch(run: dict[str, Any], bench: dict[str, Any], tolerance: float = 0.02) -> list[str]:
    """What differs between the two loads: a comparison of unlike loads says nothing about the model.

    A bench states the rate it was asked for; n arrivals that it drew come at a rate within 3 / sqrt(n burstiness) of
    that (three standard errors of a mean of gamma gaps), so that much is no difference.
    """
    said = []
    for name, unit in _LOAD.items():
        mine, theirs = run.get(name), bench.get(name)
        if mine and theirs and abs(mine / theirs - 1) > tolerance:
            said.append(f"the run has {mine:,} {unit}, the measurement {theirs:,}")
    mine, theirs = run.get("request_rate"), bench.get("request_rate")
    chance = max(tolerance, 3 / math.sqrt((bench.get("completed") or math.inf) * (bench.get("burstiness") or 1.0)))
    if mine is not None and theirs is not None and mine != theirs and not _close(mine, theirs, chance):
        said.append(f"the run was offered {_rate(mine)} requests/s, the measurement {_rate(theirs)}")
    return said


def _compared(pair: Pair, run: dict[str, Any]) -> ComparedMetric:
    fast, slow = run["provenance"].get("step_time_band") or (1.0, 1.0)
    low, high = pair.left * fast, pair.left * slow
    if pair.name in RATES:  # a rate falls as step times grow
        low, high = pair.left / slow, pair.left / fast
    low, high = run.get(f"{pair.name}_low", low), run.get(f"{pair.name}_high", high)
    return ComparedMetric(pair.name, pair.left, low, high, pair.right, pair.relative)


def _rate(value: Any) -> str:
    """A rate as a bench writes it: a number, or a text such as ``inf``."""
    return f"{value:.4g}" if isinstance(value, int | float) else str(value)


def _close(mine: Any, theirs: Any, tolerance: float) -> bool:
    try:
        return abs(float(mine) / float(theirs) - 1) <= tolerance
    except (TypeError, ValueError, ZeroDivisionError):
        return False
