"""The answer of ``inferplan plan`` as text: the candidates, why the best is best, how to start it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.planning.failures import nearest
from simulator.planning.launch import serves_with_vllm, vllm_command
from simulator.planning.result import PlanResult
from simulator.planning.tables import candidate_rows
from simulator.planning.words import explanation

WIDTH = 100
"""Columns of running text."""

MOST_ROWS = 14
"""Candidates shown; candidates.csv has all."""


def plan_text(result: PlanResult, written: Sequence[Path]) -> str:
    """The whole text, without a final line break."""
    title, *groups = explanation(result)
    blocks = [_wrapped(title), _table(result), "\n".join(_wrapped(text) for text in groups)]
    if result.notes:
        blocks.append("\n".join(_wrapped(f"Note: {note}.") for note in result.notes))
    if serves_with_vllm(result.winner.scenario):
        blocks.append(f"Start each replica with:\n  {vllm_command(result.winner)}")
    if written:
        folder = written[0].parent
        names = ", ".join(str(path.relative_to(folder)) for path in written if path.suffix != ".svg")
        blocks.append(_wrapped(f"Written to {folder}: {names}"))
    return "\n\n".join(blocks)


_VERDICTS = {
    "ranked": "beaten",
    "beaten": "beaten: a run at the rate it would need misses a goal",
    "pruned": "ruled out by its bound",
    "unreachable": "no rate meets the goals",
}
"""What a candidate's verdict is called in the table; candidates.csv has the reason."""

_COLUMNS = (
    ("", "rank", 3),
    ("hardware", "hardware", 17),
    ("tp", "tensor_parallel_size", 3),
    ("weights", "weights", 8),
    ("KV", "kv_cache", 5),
    ("req/s each", "capacity_per_replica_per_s", 11),
    ("replicas", "replicas", 9),
    ("per hour", "objective", 10),
)


def _table(result: PlanResult) -> str:
    """The best candidates; ``<`` and ``>=`` are bounds of what was never searched."""
    rows = [row for row in candidate_rows(result) if row["verdict"] != "cannot run"]
    unit = result.brief.plan.minimize
    lines = ["".join(f"{title:>{width}}" for title, _, width in _COLUMNS) + "  verdict"]
    for row in rows[:MOST_ROWS]:
        cells = "".join(f"{_cell(row, key, unit):>{width}}" for _, key, width in _COLUMNS)
        lines.append(f"{cells}  {_verdict(row, rows[0])}")
    if len(rows) > MOST_ROWS:
        lines.append(f"    and {len(rows) - MOST_ROWS} more (candidates.csv has every one with its reason)")
    lines += [_wrapped(f"Cannot run: {text}") for text in nearest(result.rejected)]
    return "\n".join(lines)


def _verdict(row: dict[str, Any], winner: dict[str, Any]) -> str:
    if row["verdict"] == "ranked" and row["objective"] <= winner["objective"] * (1 + 1e-9):
        return "as good, loses the tie"
    return str(_VERDICTS.get(row["verdict"], row["verdict"]))


def _cell(row: dict[str, Any], key: str, unit: str) -> str:
    value = row[key]
    if key == "objective":
        if value is None and row["objective_at_least"] is not None:
            return ">= " + _amount(row["objective_at_least"], unit)
        return "" if value is None else _amount(value, unit)
    if value is None:
        bound = row["bound_per_replica_per_s"] if key == "capacity_per_replica_per_s" else None
        return "" if bound is None else f"< {bound:.3g}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _amount(value: float, unit: str) -> str:
    return f"${value:,.2f}" if unit == "cost" else f"{value:,.4g}"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
