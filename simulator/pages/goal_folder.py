"""A goal's folder read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.json_document import read_json
from simulator.pages.csv_rows import read_rows
from simulator.report.charts.latency_load import LoadPoint
from simulator.report.charts.marks import Loaded
from simulator.yaml_document import read_document


@dataclass(frozen=True)
class GoalFolder:
    """What ``inferplan goal --out`` wrote: the answer, every run as a row of texts, the scenario as plain data."""

    goal: dict[str, Any]
    runs: list[dict[str, str]]
    scenario: dict[str, Any]
    text: str

    @classmethod
    def read(cls, folder: Path) -> GoalFolder:
        """Raises ``InputError`` for a missing or damaged file."""
        resolved = folder / "scenario.resolved.yaml"
        return cls(
            read_json(folder / "goal.json"),
            read_rows(folder / "points.csv"),
            read_document(resolved).content,
            resolved.read_text(encoding="utf-8"),
        )

    @property
    def unit(self) -> str:
        """Of the load."""
        return str(self.goal["unit"])

    @property
    def curve(self) -> list[dict[str, str]]:
        """The whole runs around the answer, by load."""
        return sorted((run for run in self.runs if run["role"] == "chart"), key=lambda run: float(run["load"]))

    def latency_points(self) -> list[LoadPoint]:
        """The curve's medians and 99th percentiles."""
        names = ("median_ttft_ms", "p99_ttft_ms", "median_tpot_ms", "p99_tpot_ms")
        return [LoadPoint(float(run["load"]), *(figure(run, name) for name in names)) for run in self.curve]

    def loaded(self) -> list[Loaded]:
        """The curve's throughputs and latencies, for the knee."""
        return [
            Loaded(float(run["load"]), figure(run, "request_throughput"), figure(run, "mean_e2el_ms"))
            for run in self.curve
        ]


def figure(run: dict[str, str], name: str) -> float | None:
    """A figure of a row; None where it is empty."""
    return float(run[name]) if run[name] else None
