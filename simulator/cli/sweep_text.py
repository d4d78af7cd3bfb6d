"""A sweep's plan and result as text and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from simulator.cli.columns import columns_text
from simulator.report.economics import figure
from simulator.sweeping.journal import Row
from simulator.sweeping.metrics import metric
from simulator.sweeping.points import Point
from simulator.sweeping.result import SweepResult
from simulator.sweeping.runner import Plan

MOST_POINTS, MOST_BEST, MOST_VALUES, MOST_REASONS = 20, 10, 8, 5
"""Rows and values that are printed before the rest is only counted."""

_FOUND = re.compile(r" \(found .*\)$", re.MULTILINE)
"""What an ``InputError`` adds to say which value it met."""

_BESIDE = ("tok_s_user", "tok_s_gpu", "p99_ttft_ms", "p99_tpot_ms", "usd_per_million_output_tokens")
"""Metrics shown beside the one that ranks the points."""


def plan_text(plan: Plan) -> str:
    """Axes with their values, and the first points."""
    study, points = plan.study, plan.points
    seeds = f", {study.seeds} seeds each" if study.seeds > 1 else ""
    lines = [f"{study.title}: {len(points):,} points{seeds}, ranked by {plan.best.name}", ""]
    for axis in study.axes:
        values = [_value(value) for value in axis.values]
        rest = f", ... ({len(values)} values)" if len(values) > MOST_VALUES else ""
        lines.append(f"{axis.key} ({axis.kind}): {', '.join(values[:MOST_VALUES])}{rest}")
    rows = [
        [str(point.index), *setting_values(point, study.keys), point.problem or ""] for point in points[:MOST_POINTS]
    ]
    lines += ["", columns_text(["point", *study.keys, ""], rows)]
    if len(points) > MOST_POINTS:
        lines.append(f"... and {len(points) - MOST_POINTS:,} more")
    bad = sum(point.problem is not None for point in points)
    notes = [*plan.notes, *([f"{bad} points cannot be run and become error rows"] if bad else [])]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def plan_json(plan: Plan) -> str:
    """The points to be run."""
    points = [
        {"index": point.index, "id": point.id, "set": point.set, "problem": point.problem} for point in plan.points
    ]
    return json.dumps({"title": plan.study.title, "points": points, "notes": list(plan.notes)}, indent=2)


def result_text(result: SweepResult) -> str:
    """Counts, the best points, why some failed, where the files are."""
    by, counts = result.ranked_by, result.content["counts"]
    failed = f", {counts['error']:,} failed" if counts["error"] else ""
    blocks = [f"{result.title}: {counts['ok']:,} of {counts['planned']:,} points{failed}"]
    best = result.best_rows(by)[:MOST_BEST]
    if best:
        names = [by.name, *(name for name in _BESIDE if name != by.name)]
        direction = "highest" if by.better == "high" else "lowest"
        rows = [[str(row.index), *setting_values(row, result.keys), *_figures(row, names)] for row in best]
        table = columns_text(["point", *result.keys, *names], rows)
        blocks.append(f"{direction} {by.name}{_unit(by.name)}:\n{table}")
    if result.failed:
        blocks.append("\n".join(_reasons(result.failed)))
    blocks += result.content["notes"]
    if result.folder is not None:
        blocks.append(
            f"Written to {result.folder}: summary.csv, points.jsonl, sweep.json, study.resolved.yaml\n"
            f"Next: inferplan pareto {result.folder}"
        )
    return "\n\n".join(blocks)


def result_json(result: SweepResult) -> str:
    """sweep.json with the points, in the order of the plan."""
    return json.dumps({**result.content, "points": [row.content() for row in result.rows]}, indent=2, allow_nan=False)


def settings_text(row: Row) -> str:
    """``hardware=h100, rate=5``: each key by its last word."""
    return ", ".join(f"{key.rpartition('.')[2]}={_value(value)}" for key, value in row.set.items())


def setting_values(row: Row | Point, keys: Iterable[str]) -> list[str]:
    """The values of some keys, as they are printed."""
    return [_value(row.set.get(key)) for key in keys]


def _figures(row: Row, names: Iterable[str]) -> list[str]:
    return [figure(row.metrics.get(name)) for name in names]


def _reasons(rows: Sequence[Row]) -> list[str]:
    """Why points failed, the most frequent reason first; reasons that differ in the value found are one."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(_FOUND.sub("", row.error or ""), []).append(row)
    ordered = sorted(alike.values(), key=lambda group: -len(group))
    lines = [f"failed: {len(group):,}, such as point {group[0].index}: {group[0].error}" for group in ordered]
    lines = lines[:MOST_REASONS]
    return [*lines, *([f"... and {len(ordered) - MOST_REASONS} other reasons"] if len(ordered) > MOST_REASONS else [])]


def _unit(name: str) -> str:
    unit = metric(name).unit
    return f" ({unit})" if unit else ""


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)
