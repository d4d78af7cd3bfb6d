"""The charts of a goal's report: latencies and goodput over the load, with the capacity and the knee."""

from __future__ import annotations

import re
from collections.abc import Sequence

from simulator.pages.goal_folder import GoalFolder, figure
from simulator.pages.latency_load import latency_panels, latency_table
from simulator.report.charts.marks import knee
from simulator.report.page.document import Chart, Column, Table
from simulator.report.page.drawing import Axis, Plot, Reference, Series
from simulator.report.page.numbers import number

_BOUND = re.compile(r"(ttft|tpot)\b[^<]*<=?\s*([\d.eE+-]+)\s*(us|ms|s|min)")
_MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4}


def goal_charts(folder: GoalFolder) -> Sequence[Chart]:
    """Chart 2, and chart 3 where requests have objectives; none for an answer without runs around it."""
    if not folder.curve:
        return []
    goodput = _goodput(folder) if any(figure(run, "request_goodput") is not None for run in folder.curve) else None
    return [_latency(folder), *([goodput] if goodput else [])]


def _latency(folder: GoalFolder) -> Chart:
    bounds = {name: float(value) * _MILLISECONDS[unit] for name, value, unit in _BOUND.findall(_goals(folder))}
    slo, points = folder.scenario.get("slo") or {}, folder.latency_points()
    return Chart(
        "Latency against offered load",
        f"Whole runs of the first seed around the answer. {_marks_text(folder)}",
        latency_panels(
            points,
            _load_label(folder),
            bounds.get("ttft", slo.get("ttft_ms")),
            bounds.get("tpot", slo.get("tpot_ms")),
            _marks(folder),
        ),
        latency_table("Latency by offered load", points, Column("Load", folder.unit)),
    )


def _goodput(folder: GoalFolder) -> Chart:
    runs = folder.curve
    loads = [float(run["load"]) for run in runs]
    finished, good, share = (
        [figure(run, name) for run in runs] for name in ("request_throughput", "request_goodput", "goodput_share")
    )
    percents = [None if one is None else 100 * one for one in share]
    rates = [Series("all finished", loads, finished, 1), Series("goodput", loads, good, 0)]
    label, marks = Axis(_load_label(folder)), _marks(folder)
    panels = [
        Plot("Requests finished, good ones among them", label, Axis("requests/s", low=0.0), rates, marks),
        Plot("Share that meets the objectives", label, Axis("share of requests (%)", low=0.0, high=100.0),
             [Series("share", loads, percents, 2)], marks),
    ]  # fmt: skip
    heads = [
        Column("Load", folder.unit),
        Column("All finished", "requests/s"),
        Column("Goodput", "requests/s"),
        Column("Share", "%"),
    ]
    rows = [list(row) for row in zip(loads, finished, good, percents, strict=True)]
    text = f"Whole runs of the first seed around the answer. {_marks_text(folder)}"
    return Chart("Goodput against offered load", text, panels, Table("Goodput by offered load", heads, rows))


def _goals(folder: GoalFolder) -> str:
    return " ".join(folder.goal["goals"])


def _load_label(folder: GoalFolder) -> str:
    return f"offered load ({folder.unit})"


def _marks(folder: GoalFolder) -> list[Reference]:
    at, goal = knee(folder.loaded()), folder.goal
    marks = [] if at is None else [Reference("knee", at, "x")]
    if goal["status"] == "found":
        low, high = goal["interval_95"]
        marks.append(Reference("capacity", goal["load"], "x", low, high))
    return marks


def _marks_text(folder: GoalFolder) -> str:
    at = knee(folder.loaded())
    capacity = "The band is the 95 % interval of the capacity. " if folder.goal["status"] == "found" else ""
    if at is None:
        return capacity.rstrip()
    return f"{capacity}Knee at {number(at)} {folder.unit}: throughput per latency is largest there (Kleinrock's power)."
