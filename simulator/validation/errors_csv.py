"""``errors.csv``: one row per case and metric. The columns are permanent; further ones may follow them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from simulator.atomic import write_text
from simulator.validation.columns import COLUMNS as MODES
from simulator.validation.columns import SideBySide
from simulator.validation.score import CaseResult

COLUMNS = ("case_id", "group", "quality", "metric", "predicted", "measured", "ape", "low", "high")
"""``ape`` in percent; ``predicted``, ``measured`` and the band ``low``..``high`` in the unit of the metric's name. A
case that could not be run has one row with the metric ``unsupported: reason`` and no figures."""

EXTRA_COLUMNS = tuple(f"{figure}_{mode.key}" for mode in MODES for figure in ("predicted", "ape"))
"""Behind the permanent ones when the cases were scored side by side: ``predicted_zero``, ``ape_zero``, ..."""


def write_errors(path: Path, results: Iterable[CaseResult], beside: SideBySide | None = None) -> None:
    """Write the scores of all cases atomically; with ``beside``, its columns behind them."""
    modes = [] if beside is None else [beside.scores(mode) for mode in MODES]
    extra = EXTRA_COLUMNS if modes else ()
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*COLUMNS, *extra])
    for result in results:
        case = result.case
        if result.unsupported is not None:
            blank = [""] * (5 + len(extra))
            writer.writerow([case.id, case.group, case.quality, f"unsupported: {result.unsupported}", *blank])
        for score in result.scores:
            figures = [score.predicted, score.measured, score.ape, score.low, score.high]
            for scores in modes:
                other = scores.get((score.case_id, score.metric))
                figures += [float("nan")] * 2 if other is None else [other.predicted, other.ape]
            names = (score.case_id, score.group, score.quality, score.metric)
            writer.writerow([*names, *(f"{figure:.6g}" for figure in figures)])
    write_text(path, buffer.getvalue())
