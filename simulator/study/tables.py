"""The answer as plain data: goal.json and points.csv."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from simulator.study.answer import GoalAnswer
from simulator.study.goals import Goal
from simulator.study.probe import Probe
from simulator.study.sentences import headline

SUMMARY_COLUMNS = (
    "request_throughput",
    "output_throughput",
    "request_goodput",
    "goodput_share",
    "median_ttft_ms",
    "p99_ttft_ms",
    "median_tpot_ms",
    "p99_tpot_ms",
    "mean_e2el_ms",
    "mean_num_requests_waiting",
    "kv_cache_usage_peak",
)
"""What points.csv tells of each run besides the goals, in the units of summary.json."""


def answer_json(answer: GoalAnswer) -> str:
    """One JSON object: the question, the answer with its interval, each seed's turn, what binds, the work it took."""
    return json.dumps(_content(answer), indent=2, allow_nan=False) + "\n"


def points_csv(answer: GoalAnswer) -> str:
    """One row per run, by load and seed; ``role`` is ``search`` or ``chart``; rows of stopped runs tell what was
    simulated of them."""
    goals = [goal.text for goal in answer.goals]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ("load", "unit", "seed", "role", "met", "missed", "ended", "requests", "engine_steps")
    writer.writerow([*head, *goals, *SUMMARY_COLUMNS])
    rows = [(probe, "search") for probe in answer.probes] + [(probe, "chart") for probe in answer.curve]
    for probe, role in sorted(rows, key=lambda row: (row[0].load, row[0].seed, row[1])):
        writer.writerow([*_start(answer, probe, role), *_values(answer.goals, probe), *_figures(probe)])
    return text.getvalue()


def _start(answer: GoalAnswer, probe: Probe, role: str) -> list[Any]:
    missed = "; ".join((*probe.missed, *probe.too_low))
    return [
        f"{probe.load:.6g}",
        answer.unit,
        probe.seed,
        role,
        "yes" if probe.met and not probe.too_low else "no",
        missed,
        probe.ended,
        probe.requests,
        probe.engine_steps,
    ]


def _values(goals: tuple[Goal, ...], probe: Probe) -> list[str]:
    return [_number(probe.values[goal.text], 1e3 if goal.is_latency else 1.0) for goal in goals]


def _figures(probe: Probe) -> list[str]:
    return [_number(probe.summary.get(name), 1.0) for name in SUMMARY_COLUMNS]


def _number(value: float | None, scale: float) -> str:
    return "" if value is None else f"{scale * value:.6g}"


def _content(answer: GoalAnswer) -> dict[str, Any]:
    seeds = [
        {
            "seed": one.seed,
            "met_up_to": _load(answer, one.turn.last_yes),
            "missed_from": _load(answer, one.turn.first_no),
        }
        for one in answer.seeds
    ]
    binding = answer.binding
    return {
        "title": answer.title,
        "answer": headline(answer),
        "maximize": answer.maximize,
        "unit": answer.unit,
        "goals": [goal.text for goal in answer.goals],
        "status": answer.status,
        "load": answer.estimate.load,
        "interval_95": [answer.estimate.low, answer.estimate.high],
        "largest_goodput_per_s": answer.largest_goodput,
        "share_of_seeds_met_at_load": answer.share_met(answer.estimate.load),
        "met_by_all_seeds_up_to": answer.met_by_all,
        "met_by_no_seed_from": answer.met_by_none,
        "seeds": seeds,
        "binding": None
        if binding is None
        else {"goals": list(binding.goals), "resource": binding.resource, "text": binding.text},
        "throughput_goals_not_reached": list(answer.too_low),
        "work": {
            "runs": answer.work.runs,
            "stopped_early": answer.work.stopped,
            "requests": answer.work.requests,
            "engine_steps": answer.work.engine_steps,
        },
        "notes": list(answer.notes),
        "provenance": answer.provenance,
    }


def _load(answer: GoalAnswer, rung: int | None) -> float | None:
    return None if rung is None else answer.ladder[rung]
