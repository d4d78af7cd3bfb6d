"""``errors.csv``: one row per case and metric. The columns are permanent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from simulator.atomic import write_text
from simulator.validation.score import CaseResult

COLUMNS = ("case_id", "group", "quality", "metric", "predicted", "measured", "ape", "low", "high")
"""``ape`` in percent; ``predicted``, ``measured`` and the band ``low``..``high`` in the unit of the metric's name. A
case that could not be run has one row with the metric ``unsupported: reason`` and no figures."""


def write_errors(path: Path, results: Iterable[CaseResult]) -> None:
    """Write the scores of all cases atomically."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in results:
        case = result.case
        if result.unsupported is not None:
            writer.writerow([case.id, case.group, case.quality, f"unsupported: {result.unsupported}", *[""] * 5])
        for score in result.scores:
            figures = (score.predicted, score.measured, score.ape, score.low, score.high)
            names = (score.case_id, score.group, score.quality, score.metric)
            writer.writerow([*names, *(f"{figure:.6g}" for figure in figures)])
    write_text(path, buffer.getvalue())
