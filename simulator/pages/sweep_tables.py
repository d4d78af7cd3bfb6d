"""The tables of a sweep's report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median
from typing import Any

from simulator.report.page.document import Cell, Column, Shown, Table
from simulator.sweeping.journal import Row
from simulator.sweeping.metrics import Metric, metric
from simulator.sweeping.result import SweepResult

FIGURES = (
    "tok_s_user",
    "tok_s_gpu",
    "devices",
    "median_ttft_ms",
    "p99_ttft_ms",
    "p99_tpot_ms",
    "goodput_share",
    "kv_cache_usage_peak",
    "usd_per_million_output_tokens",
    "joules_per_output_token",
)
"""Metrics listed of a point, besides the one that ranks; summary.csv has all."""

BEST, MOST_POINTS, MOST_ERRORS = 10, 1000, 50
"""Rows of the tables."""

MOST_VALUES = 25
"""Values of a key that are listed one by one."""


def best_table(sweep: SweepResult) -> Table:
    """The best points by the ranking metric."""
    by = sweep.ranked_by
    return _points(f"The best points by {by.name}", sweep, sweep.best_rows(by)[:BEST], "")


def points_table(sweep: SweepResult) -> Table:
    """Every point that ran, in the order of the plan."""
    rows = sweep.done
    note = f"{MOST_POINTS:,} of {len(rows):,} points. " if len(rows) > MOST_POINTS else ""
    return _points("Every point", sweep, rows[:MOST_POINTS], f"{note}summary.csv has every metric.")


def values_table(sweep: SweepResult) -> Table:
    """Of each value of each key that has few: how many points, the best and the median of the ranking metric."""
    by = sweep.ranked_by
    pick = min if by.better == "low" else max
    rows: list[list[Cell]] = []
    for key in sweep.keys:
        found: dict[str, list[float]] = {}
        for row in sweep.done:
            value = row.metrics.get(by.name)
            if value is not None:
                found.setdefault(_text(row.set.get(key)), []).append(value)
        if len(found) <= MOST_VALUES:
            rows += [[key, value, len(figures), pick(figures), median(figures)] for value, figures in found.items()]
    heads = [Column("Key"), Column("Value"), Column("Points"), Column(f"Best {by.name}", by.unit),
             Column(f"Median {by.name}", by.unit)]  # fmt: skip
    return Table("The values one by one", heads, rows)


def errors_table(sweep: SweepResult) -> Table | None:
    """The points that could not be run, and why; None where all could."""
    if not sweep.failed:
        return None
    shown = sweep.failed[:MOST_ERRORS]
    rows: list[list[Cell]] = [
        [str(row.index), *(_text(row.set.get(key)) for key in sweep.keys), row.error] for row in shown
    ]
    heads = [Column("Point"), *(Column(key) for key in sweep.keys), Column("Error", wraps=True)]
    note = f"{MOST_ERRORS} of {len(sweep.failed)} points." if len(sweep.failed) > MOST_ERRORS else ""
    return Table("Points that could not be run", heads, rows, note)


def axes_table(sweep: SweepResult) -> Table:
    """What was swept."""
    rows: list[list[Cell]] = [[axis["key"], axis["kind"], _values(axis["values"])] for axis in sweep.content["axes"]]
    return Table("What was swept", [Column("Key"), Column("Kind"), Column("Values", wraps=True)], rows)


def _points(caption: str, sweep: SweepResult, rows: Sequence[Row], note: str) -> Table:
    shown = _metrics(sweep)
    heads = [Column("Point"), *(Column(key) for key in sweep.keys), *(_column(one) for one in shown)]
    body = [
        [str(row.index), *(_cell(row.set.get(key)) for key in sweep.keys), *(_figure(row, one) for one in shown)]
        for row in rows
    ]
    return Table(caption, heads, body, note)


def _metrics(sweep: SweepResult) -> list[Metric]:
    """The ranking metric, then those of ``FIGURES`` that some point has."""
    have = {name for row in sweep.done for name, value in row.metrics.items() if value is not None}
    names = dict.fromkeys((sweep.ranked_by.name, *FIGURES))
    return [metric(name) for name in names if name in have]


def _column(one: Metric) -> Column:
    return Column(one.name, "%" if one.unit == "share" else one.unit)


def _figure(row: Row, one: Metric) -> Cell:
    value = row.metrics.get(one.name)
    return 100 * value if value is not None and one.unit == "share" else value


def _cell(value: Any) -> Cell:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Shown(_text(value), float(value)) if number else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value)


def _values(values: list[Any]) -> str:
    """All of them, or how many and from where to where."""
    if len(values) <= MOST_VALUES:
        return ", ".join(_text(value) for value in values)
    rows = [value if isinstance(value, dict) else {"": value} for value in values]
    ranges = [_range(key, [row[key] for row in rows]) for key in rows[0]]
    return f"{len(values)} values; {'; '.join(ranges)}"


def _range(key: str, values: list[Any]) -> str:
    name = f"{key}: " if key else ""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return f"{name}{_text(min(values))} to {_text(max(values))}"
    return f"{name}{', '.join(dict.fromkeys(_text(value) for value in values))}"
