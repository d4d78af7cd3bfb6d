"""Loads marked on a chart's horizontal axis: the knee and the capacity with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.report.style import COLOURS


@dataclass(frozen=True)
class Capacity:
    """The largest load that meets the goals and its 95 % interval, all in the units of the axis."""

    load: float
    low: float
    high: float


def mark_load(axes: Any, knee: float | None, capacity: Capacity | None) -> None:
    """A dotted line at the knee; a line and a band at the capacity. Both go to the legend."""
    if knee is not None:
        axes.axvline(knee, color="black", linestyle=":", linewidth=1.4, zorder=3, label="knee")
    if capacity is not None:
        axes.axvspan(capacity.low, capacity.high, color=COLOURS[2], alpha=0.18, linewidth=0)
        axes.axvline(capacity.load, color=COLOURS[2], linewidth=1.4, zorder=2, label="capacity, 95 % interval")
