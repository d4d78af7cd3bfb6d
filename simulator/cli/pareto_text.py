"""The Pareto frontier as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from simulator.cli.columns import columns_text
from simulator.cli.sweep_text import setting_values, settings_text
from simulator.report.economics import figure
from simulator.sweeping.bounds import Bounds
from simulator.sweeping.frontier import Frontier
from simulator.sweeping.journal import Row
from simulator.sweeping.metrics import Metric
from simulator.sweeping.result import SweepResult

KNEE_RULE = "knee: the point furthest from the straight line between the frontier's ends, both metrics in logarithms"


Found = tuple[Metric, Metric, list[Row], Frontier]
"""What ``SweepResult.frontier`` gives."""


def pareto_text(result: SweepResult, of: Found, bounds: Bounds, written: Sequence[Path]) -> str:
    """The frontier's points, the knee marked and named, how many others they beat."""
    across, along, rows, found = of
    head = ["point", *result.keys, across.name, along.name, ""]
    table = [
        [
            str(rows[at].index),
            *setting_values(rows[at], result.keys),
            figure(rows[at].metrics[across.name]),
            figure(rows[at].metrics[along.name]),
            "<- knee" if at == found.knee else "",
        ]
        for at in found.rows
    ]
    meet = f" that meet {bounds.text}" if bounds else ""
    verb = "is" if len(found.rows) == 1 else "are"
    title = (
        f"{result.title}: {len(found.rows)} of {len(rows)} points{meet} {verb} beaten by no other in {across.name} "
        f"({across.unit}, {across.better} is better) and {along.name} ({along.unit}, {along.better} is better)"
    )
    if found.knee is None:
        words = "No knee: the frontier has fewer than three points, or none beyond the line between its ends."
    else:
        words = f"Knee: {settings_text(rows[found.knee])}\n({KNEE_RULE})"
    files = ", ".join(map(str, written))
    return f"{title}\n\n{columns_text(head, table)}\n\n{words}\n\nWritten: {files}"


def pareto_json(result: SweepResult, of: Found) -> str:
    """The frontier's points from the best in x to the best in y."""
    across, along, rows, found = of
    points = [
        {
            "index": rows[at].index,
            "id": rows[at].id,
            "set": rows[at].set,
            across.name: rows[at].metrics[across.name],
            along.name: rows[at].metrics[along.name],
            "knee": at == found.knee,
        }
        for at in found.rows
    ]
    content = {
        "title": result.title,
        "x": across.content(),
        "y": along.content(),
        "points": len(rows),
        "frontier": points,
        "knee_rule": KNEE_RULE,
    }
    return json.dumps(content, indent=2, allow_nan=False)
