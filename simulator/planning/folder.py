"""The files of a plan's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.hardware.catalog import load_hardware
from simulator.planning.charts import chart_files
from simulator.planning.kubernetes import values_yaml
from simulator.planning.launch import launch_script, serves_with_vllm
from simulator.planning.tables import candidate_rows, plan_json
from simulator.report.tables import csv_text

if TYPE_CHECKING:
    from simulator.planning.result import PlanResult


def plan_files(result: PlanResult, *, charts: bool) -> dict[str, bytes]:
    """Name -> content. No launch files for engines other than vLLM."""
    import pandas as pd

    winner = result.winner
    files = {
        "plan.json": plan_json(result),
        "candidates.csv": csv_text(pd.DataFrame(candidate_rows(result))),
        "plan.resolved.yaml": result.brief.plan.to_yaml(),
        "scenario.winner.yaml": winner.scenario.to_yaml(),
    }
    if serves_with_vllm(winner.scenario):
        device = load_hardware(winner.configuration.hardware)
        files |= {"launch/vllm-serve.sh": launch_script(winner), "launch/values.yaml": values_yaml(winner, device)}
    found = {name: text.encode() for name, text in files.items()}
    return found | (chart_files(result) if charts else {})
