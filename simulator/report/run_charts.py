"""The charts of one run, drawn from its records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulator.metrics.goodput import Objectives
from simulator.metrics.itl import inter_token_gaps
from simulator.metrics.latency import Latencies
from simulator.metrics.summary import RunRecords, Summary
from simulator.metrics.window import Window
from simulator.metrics.work import OperatorShare
from simulator.report.charts.latency_cdf import POINTS, Cdf, cdf_of, latency_cdf_chart
from simulator.report.charts.latency_load import latency_load_chart, load_points
from simulator.report.charts.operator_breakdown import OperatorTime, operator_breakdown_chart
from simulator.report.charts.timeline import timeline_chart
from simulator.report.render import render
from simulator.report.tables import timeseries_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHART_NAMES = ("latency_load", "timeline", "latency_cdf", "operator_breakdown")


class RunCharts:
    """Charts 2, 5, 6 and 9 of a run.

    ``title``: what was run, in one line, printed below each headline. ``max_num_seqs``: drawn in the timeline.
    """

    def __init__(
        self,
        records: RunRecords,
        summary: Summary,
        operators: Sequence[OperatorShare],
        objectives: Objectives,
        *,
        title: str,
        max_num_seqs: int | None,
    ) -> None:
        self._records = records
        self._operators = operators
        self._objectives = objectives
        self._title = title
        self._max_num_seqs = max_num_seqs
        window = summary["window"]
        self._window = Window(window["start_s"], window["end_s"], window["whole_run"])

    @property
    def _open_loop(self) -> bool:
        workload = self._records.workload
        return workload.max_concurrency is None and workload.table.after_row is None

    def files(self) -> dict[str, bytes]:
        """``{"timeline.png": ..., "timeline.svg": ..., ...}``; no ``latency_load`` where answers make the load."""
        drawn = {name: render(getattr(self, name)) for name in CHART_NAMES if name != "latency_load" or self._open_loop}
        return {f"{name}.{kind}": data for name, kinds in drawn.items() for kind, data in kinds.items()}

    def latency_load(self) -> Figure:
        """Chart 2: the run's own ups and downs of load against latency; empty where answers make the load."""
        log, counted = self._records.log, self._window.counted(self._records.log)
        arrival = log.column("arrival_s")[counted]
        ttft = log.column("first_token_s")[counted] - arrival
        gaps = log.column("emitted_tokens")[counted] - 1
        decode = log.column("finish_s")[counted] - log.column("first_token_s")[counted]
        tpot = np.where(gaps > 0, decode / np.maximum(gaps, 1), np.nan)
        points = load_points(arrival, 1e3 * ttft, 1e3 * tpot) if self._open_loop else []
        return latency_load_chart(
            points,
            ttft_slo_ms=self._objectives.ttft_ms,
            tpot_slo_ms=self._objectives.tpot_ms,
            subtitle=f"{self._title}; moments of one run, no capacity curve (a rate that lasts builds longer queues)",
            within_one_run=True,
        )

    def timeline(self) -> Figure:
        """Chart 5: requests, step size and KV memory over time."""
        return timeline_chart(timeseries_columns(self._records), max_num_seqs=self._max_num_seqs, subtitle=self._title)

    def latency_cdf(self) -> Figure:
        """Chart 6: distributions of TTFT, TPOT, ITL and E2EL."""
        latencies = Latencies.of(self._records.log, self._window.counted(self._records.log))
        gaps_s, gap_probabilities = inter_token_gaps(self._records.steps, self._window).cdf(POINTS)
        slo = self._objectives
        curves = [
            Cdf("TTFT", "first token - arrival", *cdf_of(1e3 * latencies.ttft_s), slo.ttft_ms),
            Cdf("TPOT", "(E2EL - TTFT) / (tokens - 1)", *cdf_of(1e3 * latencies.tpot_s), slo.tpot_ms),
            Cdf("ITL", "gap between two deliveries", 1e3 * gaps_s, gap_probabilities),
            Cdf("E2EL", "last token - arrival", *cdf_of(1e3 * latencies.e2el_s), slo.e2el_ms),
        ]
        return latency_cdf_chart(curves, subtitle=self._title)

    def operator_breakdown(self) -> Figure:
        """Chart 9: operators of the run's mean step."""
        rows = [OperatorTime(share.name, share.seconds, share.bound) for share in self._operators]
        how = f"{self._title}; cost model at the run's mean step, steps with and without prefill weighted"
        return operator_breakdown_chart(rows, subtitle=how)
