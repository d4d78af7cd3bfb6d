"""Charts 2 and 3 of an answer: latency and goodput over the load, from whole runs of the first seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.metrics.goodput import Objectives
from simulator.report.charts.goodput_load import GoodputPoint, goodput_load_chart
from simulator.report.charts.latency_load import LoadPoint, latency_load_chart
from simulator.report.charts.marks import Capacity, Loaded, knee
from simulator.report.render import render
from simulator.study.answer import GoalAnswer
from simulator.study.goals import Metric
from simulator.study.probe import Probe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHART_FILES = frozenset(f"{name}.{kind}" for name in ("latency_load", "goodput_load") for kind in ("png", "svg"))


class GoalCharts:
    """Charts 2 and 3 of an answer; each method returns a matplotlib figure, empty where no curve was asked for."""

    def __init__(self, answer: GoalAnswer) -> None:
        self._answer = answer
        found = answer.estimate
        self._capacity = Capacity(found.load, found.low, found.high) if answer.status == "found" else None
        self._goals = ", ".join(goal.text for goal in answer.goals) or "stable"

    def files(self) -> dict[str, bytes]:
        """``{"latency_load.png": ..., ...}``; no ``goodput_load`` without objectives."""
        names = ["latency_load", *([] if self._answer.objectives.empty else ["goodput_load"])]
        drawn = {name: render(getattr(self, name)) for name in names}
        return {f"{name}.{kind}": data for name, kinds in drawn.items() for kind, data in kinds.items()}

    def latency_load(self) -> Figure:
        """Chart 2: TTFT and TPOT over the load, with the objectives, the knee and the capacity."""
        answer, objectives = self._answer, self._answer.objectives
        bounds = {goal.metric: 1e3 * goal.bound for goal in answer.goals if goal.is_latency}
        return latency_load_chart(
            [_latency_point(probe) for probe in answer.curve],
            ttft_slo_ms=bounds.get(Metric.TTFT, objectives.ttft_ms),
            tpot_slo_ms=bounds.get(Metric.TPOT, objectives.tpot_ms),
            subtitle=f"{answer.title}; goals: {self._goals}",
            load_label=self._label,
            knee=self._knee,
            capacity=self._capacity,
        )

    def goodput_load(self) -> Figure:
        """Chart 3: good and all requests per second over the load, and the share of good ones."""
        answer, objectives = self._answer, self._answer.objectives
        shares = [goal.bound for goal in answer.goals if goal.metric is Metric.GOODPUT_SHARE]
        return goodput_load_chart(
            [] if objectives.empty else [_goodput_point(probe) for probe in answer.curve],
            share_goal=shares[0] if shares else None,
            subtitle=f"{answer.title}; good: {_good(objectives)}; goals: {self._goals}",
            load_label=self._label,
            knee=self._knee,
            capacity=self._capacity,
        )

    @property
    def _label(self) -> str:
        return f"offered load ({self._answer.unit})"

    @property
    def _knee(self) -> float | None:
        return knee([_loaded(probe) for probe in self._answer.curve])


def _loaded(probe: Probe) -> Loaded:
    return Loaded(probe.load, probe.summary["request_throughput"], probe.summary["mean_e2el_ms"])


def _latency_point(probe: Probe) -> LoadPoint:
    names = ("median_ttft_ms", "p99_ttft_ms", "median_tpot_ms", "p99_tpot_ms")
    return LoadPoint(probe.load, *(probe.summary[name] for name in names))


def _goodput_point(probe: Probe) -> GoodputPoint:
    summary = probe.summary
    return GoodputPoint(
        probe.load,
        summary["request_goodput"] or 0.0,
        summary["request_throughput"] or 0.0,
        summary["goodput_share"] or 0.0,
    )


def _good(objectives: Objectives) -> str:
    bounds = {"TTFT": objectives.ttft_ms, "TPOT": objectives.tpot_ms, "E2EL": objectives.e2el_ms}
    return ", ".join(f"{name} ≤ {bound:g} ms" for name, bound in bounds.items() if bound is not None)
