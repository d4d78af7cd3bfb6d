"""Charts 2 and 3 of an answer: latency and goodput over the load, from whole runs of the first seed."""

from __future__ import annotations

from simulator.metrics.goodput import Objectives
from simulator.report.charts.goodput_load import GoodputPoint, goodput_load_chart
from simulator.report.charts.latency_load import LoadPoint, latency_load_chart
from simulator.report.charts.marks import Capacity, Loaded, knee
from simulator.report.render import render
from simulator.study.answer import GoalAnswer
from simulator.study.goals import Metric
from simulator.study.probe import Probe

CHART_FILES = frozenset(f"{name}.{kind}" for name in ("latency_load", "goodput_load") for kind in ("png", "svg"))


def chart_files(answer: GoalAnswer, objectives: Objectives) -> dict[str, bytes]:
    """``{"latency_load.png": ..., ...}``; no ``goodput_load`` without objectives."""
    found = answer.estimate
    capacity = Capacity(found.load, found.low, found.high) if answer.status == "found" else None
    label, at = f"offered load ({answer.unit})", knee([_loaded(probe) for probe in answer.curve])
    bounds = {goal.metric: 1e3 * goal.bound for goal in answer.goals if goal.is_latency}
    goals = ", ".join(goal.text for goal in answer.goals) or "stable"
    drawn = {
        "latency_load": render(
            lambda: latency_load_chart(
                [_latency_point(probe) for probe in answer.curve],
                ttft_slo_ms=bounds.get(Metric.TTFT, objectives.ttft_ms),
                tpot_slo_ms=bounds.get(Metric.TPOT, objectives.tpot_ms),
                subtitle=f"{answer.title}; goals: {goals}",
                load_label=label,
                knee=at,
                capacity=capacity,
            )
        )
    }
    if not objectives.empty:
        shares = [goal.bound for goal in answer.goals if goal.metric is Metric.GOODPUT_SHARE]
        drawn["goodput_load"] = render(
            lambda: goodput_load_chart(
                [_goodput_point(probe) for probe in answer.curve],
                share_goal=shares[0] if shares else None,
                subtitle=f"{answer.title}; good: {_good(objectives)}; goals: {goals}",
                load_label=label,
                knee=at,
                capacity=capacity,
            )
        )
    return {f"{name}.{kind}": data for name, kinds in drawn.items() for kind, data in kinds.items()}


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
