"""The charts of a sweep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulator.report.charts.pareto import ParetoPoint, pareto_chart
from simulator.report.figures import LATENCIES
from simulator.sweeping.bounds import Bounds
from simulator.sweeping.journal import Row
from simulator.sweeping.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.sweeping.result import SweepResult

_FAMILIES = ("hardware", "model", "dtypes", "parallel", "engine.profile", "engine.policy", "replicas")
"""What tells configurations apart, by the beginning of a dotted key; the rest is tuned within a configuration."""


class SweepPlots:
    """Charts of a ``SweepResult``; each method returns a matplotlib figure."""

    def __init__(self, result: SweepResult) -> None:
        self._result = result

    def pareto(
        self, x: str = "tok_s_user", y: str = "tok_s_gpu", *, family: str | None = None, goals: Iterable[str] = ()
    ) -> Figure:
        """Chart 1: two metrics against each other; one line per family, dominated points faint, the knee named.

        ``family``: a dotted key, or several joined by commas; None = those that make a configuration (hardware, model,
        formats, parallelism). ``goals``: only points that meet them.
        """
        bounds = Bounds(goals)
        across, along, rows, found = self._result.frontier(x, y, bounds)
        keys = family_keys(self._result.keys, family)
        points = [
            ParetoPoint(
                x=row.metrics[across.name] or 0.0,
                y=row.metrics[along.name] or 0.0,
                family=", ".join(_short(row.set.get(key)) for key in keys),
                on_frontier=at in found.rows,
                is_knee=at == found.knee,
                text=label(row, self._result.keys),
            )
            for at, row in enumerate(rows)
        ]
        return pareto_chart(
            points,
            x_label=axis_label(across),
            y_label=axis_label(along),
            x_better=across.better or "high",
            y_better=along.better or "high",
            family_label=", ".join(key.rpartition(".")[2] for key in keys),
            subtitle=f"{self._result.title}: {len(rows)} points{_that_meet(bounds)}, {len(found.rows)} on the frontier",
        )


def _that_meet(bounds: Bounds) -> str:
    return f" that meet {bounds.text}" if bounds else ""


def family_keys(keys: tuple[str, ...], family: str | None) -> list[str]:
    """Keys that make a family: those asked for, else those that tell configurations apart. Raises ``InputError``."""
    from simulator.errors import InputError, did_you_mean

    if family is None:
        return [key for key in keys if key.startswith(_FAMILIES)]
    wanted = [one.strip().replace("-", "_") for one in family.split(",")]
    for key in wanted:
        if key not in keys:
            hint = did_you_mean(key, keys) or f"swept: {', '.join(keys)}"
            raise InputError("is not a key of this sweep", file="--family", value=key, hint=hint)
    return wanted


def label(row: Row, keys: Iterable[str]) -> str:
    """``hardware h100, max_num_seqs 64``: some keys by their last word, with their values."""
    return ", ".join(f"{key.rpartition('.')[2]} {_short(row.set.get(key))}" for key in keys)


def axis_label(metric: Metric) -> str:
    """The metric in words where it has some, with its unit."""
    name = metric.name
    words = _WORDS.get(name)
    if words is None and name.endswith("_ms"):
        statistic, _, latency = name.removesuffix("_ms").partition("_")
        words = f"{statistic} {LATENCIES.get(latency, latency)}"
    words = words or name.replace("_", " ")
    return f"{words} ({metric.unit})" if metric.unit else words


_WORDS = {
    "tok_s_user": "speed one user sees, 1/TPOT",
    "tok_s_gpu": "output throughput per device",
    "total_tok_s_gpu": "total throughput per device",
    "usd_per_million_output_tokens": "cost of output tokens",
    "joules_per_output_token": "energy per output token",
}


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "null" if value is None else str(value)
