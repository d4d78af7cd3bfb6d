"""The charts of a sweep's report: the Pareto frontier, and what each swept number does."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.report.page.document import Cell, Chart, Column, Table
from simulator.report.page.drawing import Axis, Label, Plot, Series
from simulator.report.page.numbers import number
from simulator.report.style import COLOURS
from simulator.sweeping.frontier import frontier
from simulator.sweeping.journal import Row
from simulator.sweeping.metrics import Metric
from simulator.sweeping.plots import axis_label, family_keys, label
from simulator.sweeping.result import SweepResult

LOG_FROM = 8.0
"""Ratio of largest to smallest value from which an axis is logarithmic."""

MOST_PANELS = 4
MOST_JOINED = 20
"""Values of a key whose points are joined by a line; more are drawn at random, not set."""

MOST_ROWS = 60
"""Rows of the frontier's table."""


def has_frontier(sweep: SweepResult) -> bool:
    """Whether points have both metrics of the frontier."""
    return any(None not in (row.metrics.get("tok_s_user"), row.metrics.get("tok_s_gpu")) for row in sweep.done)


def pareto(sweep: SweepResult) -> Chart:
    """Chart 1: speed of one user against throughput of a device, one colour per configuration."""
    across, along, rows, found = sweep.frontier()
    keys = family_keys(sweep.keys, None)
    tuned = [key for key in sweep.keys if key not in keys]
    families: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        families.setdefault(label(row, keys), []).append(at)
    series = [
        one
        for order, (name, members) in enumerate(families.items())
        for one in _family(name, [rows[at] for at in members], across, along, order % len(COLOURS), sweep.keys)
    ]
    ahead = [rows[at] for at in found.rows]
    knee = [] if found.knee is None else [rows[found.knee]]
    words = [f"Knee, furthest from the line between its ends: {label(row, list(sweep.keys))}." for row in knee]
    size = f"{len(ahead)} of {len(rows):,} {'is' if len(ahead) == 1 else 'are'} on the frontier."
    plot = Plot(
        "Pareto frontier",
        _axis(across, rows),
        _axis(along, rows),
        series,
        labels=[Label("knee", _value(row, across), _value(row, along)) for row in knee],
        wide=True,
        height=420.0,
        hover="point",
    )
    table: list[list[Cell]] = [
        [label(row, keys), label(row, tuned), _value(row, across), _value(row, along), "knee" if row in knee else ""]
        for row in ahead[:MOST_ROWS]
    ]
    heads = [Column("Configuration"), Column("Settings"), _column(across), _column(along), Column("Note")]
    return Chart(
        "Speed of one user against throughput of a device",
        " ".join(["Better is up and right; points that another one beats in both are faint.", size, *words]),
        [plot],
        Table("The frontier", heads, table, f"{MOST_ROWS} of {len(ahead)} points." if len(ahead) > MOST_ROWS else ""),
    )


def _family(
    name: str, members: Sequence[Row], across: Metric, along: Metric, colour: int, keys: Sequence[str]
) -> list[Series]:
    """The family's own frontier as a line, the other points faint."""
    xs, ys = ([_value(row, metric) for row in members] for metric in (across, along))
    best = frontier(xs, ys, across.better, along.better).rows
    beaten = [at for at in range(len(members)) if at not in best]
    tips = [f"{label(row, list(keys))}\n{across.name}: {number(x)}\n{along.name}: {number(y)}"
            for row, x, y in zip(members, xs, ys, strict=True)]  # fmt: skip

    def chosen(name: str, places: Sequence[int], *, line: bool) -> Series:
        shown = [tips[at] for at in places]
        x, y = ([column[at] for at in places] for column in (xs, ys))
        return Series(name, x, y, colour, line, faint=not line, tips=shown)

    return [chosen("", beaten, line=False), chosen(name or "points", best, line=True)]


def effects(sweep: SweepResult) -> Chart | None:
    """The best of the ranking metric at each value of every swept number; None where no number was swept."""
    keys, by = family_keys(sweep.keys, None), sweep.ranked_by
    numeric = [key for key in sweep.keys if key not in keys and _is_number(sweep, key)][:MOST_PANELS]
    rows = [row for row in sweep.done if row.metrics.get(by.name) is not None]
    if not numeric or not rows:
        return None
    panels = [_effect(rows, key, keys, by) for key in numeric]
    listed: list[list[Cell]] = [
        [key, one.name, x, y]
        for key, panel in zip(numeric, panels, strict=True)
        for one in panel.series
        for x, y in zip(one.xs, one.ys, strict=True)
    ]
    heads = [Column("Key"), Column("Configuration"), Column("Value"), Column(f"Best {by.name}", by.unit)]
    return Chart(
        f"What each setting does to {by.name}",
        "The best point at each value, whatever the other settings: where a line is flat, the setting does not matter.",
        panels,
        Table(f"Best {by.name} by value", heads, listed),
    )


def _effect(rows: Sequence[Row], key: str, keys: list[str], by: Metric) -> Plot:
    families: dict[str, dict[float, float]] = {}
    pick = min if by.better == "low" else max
    for row in rows:
        curve, x, y = families.setdefault(label(row, keys), {}), float(row.set[key]), _value(row, by)
        curve[x] = pick(curve.get(x, y), y)
    crowded = max(map(len, families.values())) > MOST_JOINED
    series = [
        Series(
            name or "all points", sorted(curve), [curve[x] for x in sorted(curve)], order % len(COLOURS), not crowded
        )
        for order, (name, curve) in enumerate(families.items())
    ]
    xs = [x for one in series for x in one.xs]
    log = min(xs) > 0 and max(xs) / min(xs) >= LOG_FROM
    ys = [y for one in series for y in one.ys if y is not None]
    # From zero: a setting that hardly matters must look so.
    return Plot(key, Axis(key, log=log), Axis(axis_label(by), low=0.0 if min(ys) >= 0 else None), series)


def _is_number(sweep: SweepResult, key: str) -> bool:
    values = {row.set.get(key) for row in sweep.done if not isinstance(row.set.get(key), dict | list)}
    return len(values) > 1 and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _axis(metric: Metric, rows: Sequence[Row]) -> Axis:
    values = [_value(row, metric) for row in rows]
    log = min(values) > 0 and max(values) / min(values) >= LOG_FROM
    return Axis(axis_label(metric), log=log, low=None if log or min(values) < 0 else 0.0)


def _value(row: Row, metric: Metric) -> float:
    return float(row.metrics[metric.name] or 0.0)


def _column(metric: Metric) -> Column:
    return Column(metric.name, metric.unit)
