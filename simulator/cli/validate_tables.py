"""What ``inferplan validate`` prints: the table of groups, or everything as one JSON object."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from simulator.validation.columns import COLUMNS
from simulator.validation.groups import GroupRow, group_rows, unsupported_rows
from simulator.validation.peers import peer_summaries
from simulator.validation.score import all_scores

if TYPE_CHECKING:
    from simulator.validation.columns import SideBySide
    from simulator.validation.validate import Validation

_FILE_WIDTH = 110
"""Columns of the table when it does not go to a terminal; a column of another score takes some more."""

_BESIDE_WIDTH = 14


def print_tables(validation: Validation, beside: SideBySide | None = None) -> None:
    """Errors by group, the other scores beside them, and why a case could not be run."""
    console = Console()
    if not console.is_terminal:
        console.width = _FILE_WIDTH + (0 if beside is None else _BESIDE_WIDTH * len(COLUMNS))
    console.print(_group_table(validation, beside))
    for line in _profile_lines(validation):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for case_id, reason in unsupported_rows(validation.results):
        console.print(f"{case_id}: unsupported: {reason}", markup=False, highlight=False, soft_wrap=True)


def _profile_lines(validation: Validation) -> list[str]:
    """Which engine profile stood for each recorded version: ``vllm 0.11.0rc2 ran as vllm-0.13 (3 cases)``."""
    found = Counter(
        (
            result.case.engine.name,
            result.case.engine.version or "(no version)",
            result.prediction.deployment.engine.name,
        )
        for result in validation.results
        if result.prediction is not None
    )
    return [
        f"{name} {version} ran as {profile} ({n} case{'s' if n > 1 else ''})"
        for (name, version, profile), n in found.items()
    ]


def as_dict(validation: Validation) -> dict[str, Any]:
    """The whole validation as plain data."""
    return {
        "groups": [asdict(row) for row in group_rows(all_scores(validation.results))],
        "cases": [{**asdict(score), "ape": score.ape} for score in all_scores(validation.results)],
        "request_ape": {r.case.id: dict(r.request_ape) for r in validation.results if r.request_ape},
        "peers": [{**asdict(row), "better": row.better} for row in peer_summaries(validation.peers)],
        "engine_profiles": {
            r.case.id: r.prediction.deployment.engine.name for r in validation.results if r.prediction is not None
        },
        "unsupported": [{"case_id": id, "reason": reason} for id, reason in unsupported_rows(validation.results)],
    }


def _group_table(validation: Validation, beside: SideBySide | None) -> Table:
    table = Table(title="Absolute percentage errors", title_justify="left")
    for name in ("group", "quality", "metric"):
        table.add_column(name, no_wrap=True)
    for name in ("n", "median %", "p90 %", "bias %", "in band"):
        table.add_column(name, justify="right")
    others = [] if beside is None else [_medians(beside.columns[column]) for column in COLUMNS]
    for column in COLUMNS[: len(others)]:
        table.add_column(f"{column.label} %", justify="right")
    last = None
    for row in group_rows(all_scores(validation.results)):
        if last is not None and row.group != last:
            table.add_section()
        last = row.group
        figures = (str(row.n), f"{row.median:.1f}", f"{row.p90:.1f}", f"{row.bias:+.1f}", f"{row.inside:.0%}")
        medians = (f"{other[_key(row)]:.1f}" if _key(row) in other else "" for other in others)
        table.add_row(row.group, row.quality, row.metric, *figures, *medians)
    return table


def _medians(validation: Validation) -> dict[tuple[str, str, str], float]:
    return {_key(row): row.median for row in group_rows(all_scores(validation.results))}


def _key(row: GroupRow) -> tuple[str, str, str]:
    return row.group, row.quality, row.metric
