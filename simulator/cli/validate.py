"""``inferplan validate``: simulate measured runs and say how far off the predictions are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulator.validation.columns import SideBySide
    from simulator.validation.validate import OnCase


def validate_command(
    cases: Annotated[Path, typer.Argument(help="Measured runs, one JSON object a line.", metavar="CASES.jsonl")],
    out: Annotated[Path | None, typer.Option(metavar="errors.csv", help="Write every error there.")] = None,
    group: Annotated[str | None, typer.Option(metavar="G", help="Only the cases of this group.")] = None,
    without_inferred: Annotated[
        bool, typer.Option("--without-inferred", help="Ignore what was inferred from the measurements themselves.")
    ] = False,
    host_terms: Annotated[
        str, typer.Option(help="fitted; zero: kernels alone; held-out: fitted without the case's model.")
    ] = "fitted",
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Add columns: zero fit, in-sample, held out, without inferred.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the accuracy page: all columns, peers, bands, noise.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one per CPU when not given.")] = None,
) -> None:
    """Simulate measured runs and say how far off the predictions are.

    Errors by group, and the share of measurements inside the stated 80 % band.
    """
    from simulator.cli.validate_tables import as_dict, print_tables
    from simulator.validation.columns import column_of
    from simulator.validation.columns import side_by_side as columns
    from simulator.validation.errors_csv import write_errors
    from simulator.validation.validate import validate

    with _progress() as on_case:
        validation = validate(
            cases,
            group=group,
            use_inferred=not without_inferred,
            terms=host_terms,
            workers=workers,
            on_case=on_case,
        )
        beside = None
        if side_by_side or markdown is not None:
            known = column_of(host_terms, not without_inferred)
            beside = columns(
                cases, group=group, known={known: validation} if known else {}, workers=workers, on_case=on_case
            )
    if out is not None:
        write_errors(out, validation.results, beside if side_by_side else None)
    if markdown is not None and beside is not None:
        _write_page(markdown, beside)
    if as_json:
        typer.echo(json.dumps(as_dict(validation), indent=2))
    else:
        print_tables(validation, beside)


def _write_page(path: Path, beside: SideBySide) -> None:
    from simulator.atomic import write_text
    from simulator.validation.report import markdown

    write_text(path, markdown(beside))


@contextmanager
def _progress() -> Iterator[OnCase]:
    """Names the case just done, where a terminal is there to show it."""
    from rich.console import Console

    from simulator.validation.case import Case

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda case: None
        return
    with console.status("reading") as shown:

        def on_case(case: Case) -> None:
            shown.update(case.id)

        yield on_case
