"""RunResult: everything a run has to say, in memory; ``save`` puts it into a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.atomic import gzip_bytes
from simulator.metrics.summary import RunRecords, Summary
from simulator.metrics.work import OperatorShare
from simulator.report.figures import load_line, mean_range, milliseconds, throughput_lines
from simulator.report.files import write_folder
from simulator.report.html import summary_html
from simulator.report.run_charts import CHART_NAMES, RunCharts
from simulator.report.tables import csv_text, requests_frame, steps_frame, timeseries_frame
from simulator.run_title import run_title
from simulator.scenario.schema import Scenario

if TYPE_CHECKING:
    from pandas import DataFrame

    from simulator.export.run_export import RunExport

CHART_FILES = frozenset(f"{name}.{kind}" for name in CHART_NAMES for kind in ("png", "svg"))


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes
    ----------
    scenario: the resolved scenario; running it again gives the same result.
    summary: ``vllm bench serve``'s keys, ours, ``diagnosis``, ``notes`` and, apart, ``timing`` (wall clock).
    provenance: sources of model, device, engine and workload, and how far the step times may be off.
    records: raw logs of the first seed.
    operators: mean seconds per step, operator by operator.
    """

    scenario: Scenario
    summary: Summary
    provenance: dict[str, Any]
    records: RunRecords
    operators: Sequence[OperatorShare]

    @cached_property
    def requests(self) -> DataFrame:
        """One row per request (first seed): ``ttft_ms``, ``tpot_ms``, ``e2el_ms``, tokens, status and so on."""
        return requests_frame(self.records)

    @cached_property
    def timeseries(self) -> DataFrame:
        """Batch, queue and KV cache of each replica over time (first seed), in vLLM's Prometheus names."""
        return timeseries_frame(self.records)

    @cached_property
    def steps(self) -> DataFrame:
        """One row per engine step of each replica (first seed): times, tokens, batch, queue, KV cache."""
        return steps_frame(self.records)

    @property
    def title(self) -> str:
        """What was run, in one line."""
        made = self.provenance
        names = made["model"]["name"], made["hardware"]["name"]
        return run_title(self.scenario, *names, made["dtypes"], made["workload"])

    @property
    def charts(self) -> RunCharts:
        """The run's charts; each method returns a matplotlib figure."""
        return RunCharts(
            self.records,
            self.summary,
            self.operators,
            self.scenario.slo.objectives(),
            title=self.title,
            max_num_seqs=self.scenario.engine.max_num_seqs,
        )

    @property
    def plot(self) -> RunCharts:
        """The same as ``charts``: ``result.plot.latency_cdf()``."""
        return self.charts

    @property
    def export(self) -> RunExport:
        """The run as files other tools read: ``result.export.perfetto("trace.json.gz")``."""
        # A convenience that reaches down: exports are made from whole results.
        from simulator.export.run_export import RunExport

        return RunExport(self)

    def summary_json(self) -> str:
        """Summary, title and provenance as JSON text (no NaN: a missing value is null)."""
        content = {key: value for key, value in self.summary.items() if key != "timing"}
        content |= {"title": self.title, "provenance": self.provenance, "timing": self.summary["timing"]}
        return json.dumps(content, indent=2, allow_nan=False) + "\n"

    def save(self, folder: str | Path, *, charts: bool = True) -> list[Path]:
        """Write summary.json, requests.csv.gz, timeseries.csv.gz, scenario.resolved.yaml and the charts (PNG and SVG).

        The folder appears whole or not at all; returns the files' paths. Equal runs give equal bytes, but for
        ``timing`` in summary.json. Raises ``InputError`` when the folder cannot be written.
        """
        files = {
            "summary.json": self.summary_json().encode(),
            "requests.csv.gz": gzip_bytes(csv_text(self.requests)),
            "timeseries.csv.gz": gzip_bytes(csv_text(self.timeseries)),
            "scenario.resolved.yaml": self.scenario.to_yaml().encode(),
        }
        if charts:
            files |= self.charts.files()
        return write_folder(Path(folder), files, outdated=CHART_FILES)

    def __repr__(self) -> str:
        """What was run and the main figures; the records behind it are megabytes."""
        lines = [("TTFT, TPOT", _latencies(self.summary)), *throughput_lines(self.summary)]
        return "\n".join([self.title, load_line(self.summary), *(f"  {name:<12} {text}" for name, text in lines)])

    def _repr_html_(self) -> str:
        return summary_html(self.title, self.summary)


def _latencies(summary: Summary) -> str:
    means = []
    for key in ("mean_ttft_ms", "mean_tpot_ms"):
        band = f" ({mean_range(summary, key)})" if f"{key}_low" in summary else ""
        means.append(f"{milliseconds(summary[key])} ms{band}")
    return ", ".join(means) + " on average"
