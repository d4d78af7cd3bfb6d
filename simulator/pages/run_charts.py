"""The charts of a run's report, from its tables: distributions, load within the run, timeline, operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.pages.latency_load import latency_panels, latency_table
from simulator.pages.run_folder import RunFolder
from simulator.report.charts.latency_cdf import FIRST_SHOWN, LABEL_SHARE, MARKED
from simulator.report.charts.latency_load import load_points
from simulator.report.charts.operator_breakdown import BOUND_COLOURS, OperatorTime, worth_showing
from simulator.report.figures import LATENCIES
from simulator.report.page.document import Cell, Chart, Column, Table
from simulator.report.page.drawing import Axis, Bar, Bars, Label, Plot, Reference, Series
from simulator.report.page.numbers import number
from simulator.report.style import COLOURS

CURVE = tuple(np.unique(np.concatenate([[FIRST_SHOWN, 0.005], np.linspace(0.01, 0.99, 99), [0.995, 0.999, 1.0]])))
"""Probabilities a curve is drawn at."""

LISTED = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.999, 1.0)
"""Probabilities its table lists."""

FAR = 5.0
"""An objective beyond the curve by more than this factor would squeeze it: its line is left out."""


def latency_cdf(run: RunFolder) -> Chart:
    """Chart 6, of the latencies that the requests' table holds (gaps between tokens, ITL, are only in the summary)."""
    columns = {key: run.counted[f"{key}_ms"].dropna().to_numpy() for key in ("ttft", "tpot", "e2el", "queue_time")}
    samples = {key: values for key, values in columns.items() if len(values)}
    slo = run.scenario.get("slo") or {}
    panels = [_cdf(key, values, slo.get(f"{key}_ms"), place) for place, (key, values) in enumerate(samples.items())]
    listed: list[list[Cell]] = [
        [
            f"p{100 * share:g}" if share < 1 else "largest",
            *(float(np.quantile(values, share)) for values in samples.values()),
        ]
        for share in LISTED
    ]
    heads = [Column("Percentile"), *(Column(_name(key), "ms") for key in samples)]
    return Chart(
        "How latencies are distributed",
        "Share of the requests whose latency is at or below a value; median and p99 are marked.",
        panels,
        Table("Percentiles of the latencies", heads, listed),
    )


def _name(key: str) -> str:
    return "Queue time" if key == "queue_time" else LATENCIES[key]


def _cdf(key: str, values: Any, slo_ms: float | None, colour: int) -> Plot:
    xs = [float(value) for value in np.quantile(values, CURVE)]
    shown = [(x, 100 * float(share)) for x, share in zip(xs, CURVE, strict=True) if x > 0]
    marks = {name: float(np.quantile(values, share)) for name, share in MARKED.items()}
    near = slo_ms is not None and shown and shown[0][0] / FAR <= slo_ms <= shown[-1][0] * FAR
    return Plot(
        _name(key),
        Axis(f"{_name(key)} (ms)", log=True, high=_end(shown, marks["p99"])),
        Axis("share of requests (%)", low=0.0, high=100.0),
        [Series("", [x for x, _ in shown], [y for _, y in shown], colour, marks=False)],
        [Reference(f"objective {slo_ms:g} ms", slo_ms, "x")] if near and slo_ms is not None else [],
        [Label(f"{name} {number(value)} ms", value, 100 * MARKED[name]) for name, value in marks.items() if value > 0],
    )


def _end(shown: Sequence[tuple[float, float]], p99: float) -> float | None:
    """Right end of the axis: the curve, and room for the words right of the 99th percentile."""
    if not shown:
        return None
    low, high = shown[0][0], shown[-1][0]
    return max(high, low * (p99 / low) ** (1 / (1 - LABEL_SHARE)))


def load_within_run(run: RunFolder) -> Chart | None:
    """Chart 2 for the ups and downs of one run; None where answers make the load, or the run is too short."""
    if run.summary["max_concurrency"] is not None or "sessions" in _kinds(run):
        return None
    columns = [run.counted[name].to_numpy() for name in ("arrival_s", "ttft_ms", "tpot_ms")]
    points = load_points(*columns)
    if not points:
        return None
    slo, load = run.scenario.get("slo") or {}, "arrival rate of the moment (requests/s)"
    return Chart(
        "Latency within this run, by the arrival rate of the moment",
        "Requests grouped by how many arrived in the same slice of time. Moments of one run, no capacity curve: a rate "
        "that lasts builds longer queues.",
        latency_panels(points, load, slo.get("ttft_ms"), slo.get("tpot_ms")),
        latency_table("Latency by the arrival rate of the moment", points, Column("Arrival rate", "requests/s")),
    )


def _kinds(run: RunFolder) -> set[str]:
    return {key for key, value in run.scenario["workload"].items() if value is not None}


def operator_bars(run: RunFolder) -> Chart | None:
    """Chart 9: operators of the mean step; None for a folder that does not tell what bounds them."""
    known = run.provenance.get("operators")
    if not known:
        return None
    operators = [OperatorTime(name, 1e-3 * one["ms_per_step"], one["bound"]) for name, one in known.items()]
    total = sum(one.seconds for one in operators)
    shown = list(reversed(worth_showing(operators, total)))
    bars = [_bar(one, total) for one in shown]
    rows: list[list[Cell]] = [[one.name, 1e3 * one.seconds, 100 * one.seconds / total, one.bound] for one in shown]
    heads = [Column("Operator"), Column("Time per step", "ms"), Column("Share", "%"), Column("Bound by")]
    return Chart(
        f"Where a step of {number(1e3 * total)} ms goes",
        "The cost model at the run's mean step, steps with and without prefill weighted; colours tell what bounds an "
        "operator.",
        [Bars("Time per engine step, operator by operator", "time per engine step (ms)", bars)],
        Table("Operators of the mean step", heads, rows),
    )


def _bar(one: OperatorTime, total: float) -> Bar:
    colour = BOUND_COLOURS.get(one.bound, COLOURS[5])
    share = 100 * one.seconds / total
    text = f"{number(1e3 * one.seconds)} ms, {'<0.1' if share < 0.1 else f'{share:.1f}'} %"
    return Bar(one.name, 1e3 * one.seconds, text, f"{one.bound}-bound", COLOURS.index(colour))


def charts(run: RunFolder, timeline: Chart | None) -> Sequence[Chart]:
    """All charts there are, in reading order."""
    found = (latency_cdf(run) if len(run.counted) else None, timeline, load_within_run(run), operator_bars(run))
    return [one for one in found if one is not None]
