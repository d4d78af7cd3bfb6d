"""Chart 5 as data: requests, tokens per step and KV memory over simulated time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.pages.run_folder import RunFolder
from simulator.pages.thinning import Floats, cell_means, evenly
from simulator.report.page.document import Chart, Column, Table
from simulator.report.page.drawing import Axis, Plot, Reference, Series

CELLS = 150
"""Most points of a curve; each is the mean over its stretch of time."""

ROWS = 25
"""Most rows of the table."""

HEIGHT = 190.0


@dataclass(frozen=True)
class _Level:
    """A quantity of all replicas on the common grid: (replicas, cells)."""

    name: str
    unit: str
    values: Floats
    colour: int

    def series(self, times: Sequence[float]) -> list[Series]:
        """One curve, or the median of the replicas between the lowest and the highest."""
        if len(self.values) == 1:
            return [self._curve(times, self.name, self.values[0])]
        ends = [
            self._curve(times, f"{self.name}, lowest and highest", values, faint=True)
            for values in (self.values.min(axis=0), self.values.max(axis=0))
        ]
        return [self._curve(times, f"{self.name}, median of {len(self.values)}", np.median(self.values, axis=0)), *ends]

    def _curve(self, times: Sequence[float], name: str, values: Floats, *, faint: bool = False) -> Series:
        return Series(name, times, [float(value) for value in values], self.colour, marks=False, faint=faint)


def timeline(run: RunFolder) -> Chart | None:
    """Three panels over time, every replica's level averaged over each stretch; None where no step was run."""
    series = run.timeseries
    if not series["engine_steps"].sum():
        return None
    times, levels = _levels(run)
    limit = run.scenario["engine"].get("max_num_seqs")
    running = levels[0]
    near = limit is not None and float(running.values.max()) > 0.7 * limit
    panels = [
        _panel(
            "Requests on a replica",
            "requests",
            times,
            levels[:2],
            [Reference("max_num_seqs", limit, "y")] if near else [],
        ),
        _panel("Tokens scheduled per engine step", "tokens/step", times, levels[2:3]),
        _panel("KV cache in use", "% of blocks", times, levels[3:]),
    ]
    return Chart(
        "Batch, queue and KV memory over time",
        f"Means over stretches of {times[1] - times[0]:.3g} s of simulated time." if len(times) > 1 else "One stretch.",
        panels,
        _table(times, levels),
    )


def _levels(run: RunFolder) -> tuple[list[float], list[_Level]]:
    groups = [rows for _, rows in run.timeseries.groupby("replica", sort=True)]
    cells = min(len(rows) for rows in groups)
    groups = [rows.iloc[:cells] for rows in groups]

    def level(name: str, unit: str, column: str, colour: int, scale: float = 1.0, weight: str | None = None) -> _Level:
        curves = [
            cell_means(scale * rows[column].to_numpy(), CELLS, None if weight is None else rows[weight].to_numpy())
            for rows in groups
        ]
        return _Level(name, unit, np.array(curves), colour)

    return cell_means(groups[0]["time_s"].to_numpy(), CELLS), [
        level("Running", "requests", "num_requests_running", 0),
        level("Waiting", "requests", "num_requests_waiting", 1),
        level("Scheduled", "tokens/step", "batch_tokens", 2, weight="engine_steps"),
        level("KV cache", "%", "kv_cache_usage_perc", 3, 100.0),
    ]


def _panel(
    title: str, unit: str, times: list[float], levels: Sequence[_Level], references: Sequence[Reference] = ()
) -> Plot:
    curves = [one for level in levels for one in level.series(times)]
    return Plot(title, Axis("simulated time (s)", low=0.0), Axis(unit, low=0.0), curves, references,
                wide=True, height=HEIGHT)  # fmt: skip


def _table(times: list[float], levels: Sequence[_Level]) -> Table:
    shown = evenly(len(times), ROWS)
    middle = [np.median(level.values, axis=0) for level in levels]
    several = ", median of the replicas" if len(levels[0].values) > 1 else ""
    rows = [[times[place], *(float(values[place]) for values in middle)] for place in shown]
    heads = [Column("Time", "s", 4), *(Column(level.name, level.unit) for level in levels)]
    note = (
        f"{len(shown)} of {len(times)} stretches; timeseries.csv.gz has the fine ones."
        if len(shown) < len(times)
        else ""
    )
    return Table(f"Levels over time{several}", heads, rows, note)
