"""A run against the user's own measurement: metric by metric, with the band the run claims."""

from __future__ import annotations

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
    """What differs between the two loads: a comparison of unlike loads says nothing about the model."""
    said = []
    for name, unit in _LOAD.items():
        mine, theirs = run.get(name), bench.get(name)
        if mine and theirs and abs(mine / theirs - 1) > tolerance:
            said.append(f"the run has {mine:,} {unit}, the measurement {theirs:,}")
    mine, theirs = run.get("request_rate"), bench.get("request_rate")
    if mine is not None and theirs is not None and mine != theirs and not _close(mine, theirs, tolerance):
        said.append(f"the run was offered {mine} requests/s, the measurement {theirs}")
    return said


def _compared(pair: Pair, run: dict[str, Any]) -> ComparedMetric:
    fast, slow = run["provenance"].get("step_time_band") or (1.0, 1.0)
    low, high = pair.left * fast, pair.left * slow
    if pair.name in RATES:  # a rate falls as step times grow
        low, high = pair.left / slow, pair.left / fast
    low, high = run.get(f"{pair.name}_low", low), run.get(f"{pair.name}_high", high)
    return ComparedMetric(pair.name, pair.left, low, high, pair.right, pair.relative)


def _close(mine: Any, theirs: Any, tolerance: float) -> bool:
    try:
        return abs(float(mine) / float(theirs) - 1) <= tolerance
    except (TypeError, ValueError, ZeroDivisionError):
        return False
