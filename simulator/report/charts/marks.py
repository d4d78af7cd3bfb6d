"""Loads marked on a chart's horizontal axis: the knee and the capacity with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.report.style import COLOURS


@dataclass(frozen=True)
class Capacity:
    """The largest load that meets the goals and its 95 % interval, all in the units of the axis."""

    load: float
    low: float
    high: float


@dataclass(frozen=True)
class Loaded:
    """One run: offered load, finished requests per second, mean latency in ms (None: nothing finished)."""

    load: float
    throughput_per_s: float | None
    mean_e2el_ms: float | None


def knee(runs: Sequence[Loaded]) -> float | None:
    """The load at which throughput / mean latency is largest (Kleinrock's power, ICC 1979); None where it is at an end.

    Below it more load costs little latency, above it much.
    """
    powers = {run.load: (run.throughput_per_s or 0.0) / run.mean_e2el_ms for run in runs if run.mean_e2el_ms}
    if not powers:
        return None
    at = max(powers, key=lambda load: powers[load])
    return at if min(powers) < at < max(powers) else None


def mark_load(axes: Any, knee: float | None, capacity: Capacity | None) -> None:
    """A dotted line at the knee; a line and a band at the capacity. Both go to the legend."""
    if knee is not None:
        axes.axvline(knee, color="black", linestyle=":", linewidth=1.4, zorder=3, label="knee")
    if capacity is not None:
        axes.axvspan(capacity.low, capacity.high, color=COLOURS[2], alpha=0.18, linewidth=0)
        axes.axvline(capacity.load, color=COLOURS[2], linewidth=1.4, zorder=2, label="capacity, 95 % interval")
