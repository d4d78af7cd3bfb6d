"""``inferplan validate``: simulate measured runs and say how far off the predictions are."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

_FILE_WIDTH = 110
"""Columns of the table when it does not go to a terminal."""

if TYPE_CHECKING:
    from rich.table import Table

    from simulator.validation.validate import Validation


def validate_command(
    cases: Annotated[Path, typer.Argument(help="Measured runs, one JSON object a line.", metavar="CASES.jsonl")],
    out: Annotated[Path | None, typer.Option(metavar="errors.csv", help="Write every error there.")] = None,
    group: Annotated[str | None, typer.Option(metavar="G", help="Only the cases of this group.")] = None,
    without_inferred: Annotated[
        bool, typer.Option("--without-inferred", help="Ignore what was inferred from the measurements themselves.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the accuracy page: both scores and the peers.")
    ] = None,
) -> None:
    """Simulate measured runs and say how far off the predictions are.

    Errors by group, and the share of measurements inside the stated band.
    """
    from simulator.validation.errors_csv import write_errors

    validation = _validated(cases, group, use_inferred=not without_inferred)
    if out is not None:
        write_errors(out, validation.results)
    if markdown is not None:
        _write_page(markdown, cases, group, validation, inferred=not without_inferred)
    if as_json:
        typer.echo(json.dumps(_as_json(validation), indent=2))
    else:
        _print(validation)


def _validated(cases: Path, group: str | None, *, use_inferred: bool) -> Validation:
    from rich.console import Console

    from simulator.validation.case import Case
    from simulator.validation.validate import validate

    console = Console(stderr=True)
    status: AbstractContextManager[Any] = console.status("reading") if console.is_terminal else nullcontext()
    with status as shown:

        def on_case(case: Case) -> None:
            if shown is not None:
                shown.update(case.id)

        return validate(cases, group=group, use_inferred=use_inferred, on_case=on_case)


def _write_page(path: Path, cases: Path, group: str | None, done: Validation, *, inferred: bool) -> None:
    """The page needs both scores; the other one is simulated now."""
    from simulator.atomic import write_text
    from simulator.validation.report import markdown

    other = _validated(cases, group, use_inferred=not inferred)
    with_inferred, without = (done, other) if inferred else (other, done)
    write_text(path, markdown(with_inferred, without))


def _as_json(validation: Validation) -> dict[str, Any]:
    from simulator.validation.groups import group_rows, unsupported_rows
    from simulator.validation.score import all_scores

    return {
        "groups": [asdict(row) for row in group_rows(all_scores(validation.results))],
        "cases": [{**asdict(score), "ape": score.ape} for score in all_scores(validation.results)],
        "request_ape": {r.case.id: dict(r.request_ape) for r in validation.results if r.request_ape},
        "peers": [asdict(row) for row in validation.peers],
        "unsupported": [{"case_id": id, "reason": reason} for id, reason in unsupported_rows(validation.results)],
    }


def _print(validation: Validation) -> None:
    from rich.console import Console

    from simulator.validation.groups import unsupported_rows

    console = Console()
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    console.print(_group_table(validation))
    for case_id, reason in unsupported_rows(validation.results):
        console.print(f"{case_id}: unsupported: {reason}", markup=False, highlight=False, soft_wrap=True)


def _group_table(validation: Validation) -> Table:
    from rich.table import Table

    from simulator.validation.groups import group_rows
    from simulator.validation.score import all_scores

    table = Table(title="Absolute percentage errors", title_justify="left")
    for name in ("group", "quality", "metric"):
        table.add_column(name, no_wrap=True)
    for name in ("n", "median %", "p90 %", "bias %", "in band"):
        table.add_column(name, justify="right")
    last = None
    for row in group_rows(all_scores(validation.results)):
        if last is not None and row.group != last:
            table.add_section()
        last = row.group
        figures = (str(row.n), f"{row.median:.1f}", f"{row.p90:.1f}", f"{row.bias:+.1f}", f"{row.inside:.0%}")
        table.add_row(row.group, row.quality, row.metric, *figures)
    return table
