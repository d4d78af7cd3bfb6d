"""The answer as plain data: goal.json and points.csv."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from simulator.study.answer import GoalAnswer
from simulator.study.probe import Probe
from simulator.study.sentences import headline

if TYPE_CHECKING:
    from pandas import DataFrame

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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_columns(answer))
    for row in _rows(answer):
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def points_frame(answer: GoalAnswer) -> DataFrame:
    """The same as a DataFrame; a missing value is NaN."""
    import pandas as pd

    return pd.DataFrame(_rows(answer), columns=_columns(answer))


def _columns(answer: GoalAnswer) -> list[str]:
    head = ("load", "unit", "seed", "role", "met", "missed", "ended", "requests", "engine_steps")
    return [*head, *(goal.text for goal in answer.goals), *SUMMARY_COLUMNS]


def _rows(answer: GoalAnswer) -> list[list[Any]]:
    probes = [(probe, "search") for probe in answer.probes] + [(probe, "chart") for probe in answer.curve]
    in_order = sorted(probes, key=lambda row: (row[0].load, row[0].seed, row[1]))
    return [_row(answer, probe, role) for probe, role in in_order]


def _row(answer: GoalAnswer, probe: Probe, role: str) -> list[Any]:
    values = [_scaled(probe.values[goal.text], 1e3 if goal.is_latency else 1.0) for goal in answer.goals]
    return [
        probe.load,
        answer.unit,
        probe.seed,
        role,
        probe.met and not probe.too_low,
        "; ".join((*probe.missed, *probe.too_low)),
        probe.ended,
        probe.requests,
        probe.engine_steps,
        *values,
        *(probe.summary.get(name) for name in SUMMARY_COLUMNS),
    ]


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value


def _cell(value: Any) -> Any:
    """As the file has it: six significant digits, ``yes`` and ``no``, nothing for a missing value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else value


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
        "load_is_lower_bound": answer.at_least,
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
