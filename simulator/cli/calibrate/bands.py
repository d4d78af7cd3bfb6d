"""``inferplan calibrate bands``: the width of 80 % bands from held-out errors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bands_command(
    cases: Annotated[Path, typer.Argument(help="Measured runs, one JSON object a line.", metavar="CASES.jsonl")],
    groups: Annotated[str, typer.Option(help="Groups whose models were held out of the fit, with commas.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Write the widths there, into an existing bands file.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one per CPU when not given.")] = None,
) -> None:
    """Set the width of 80 % bands so that four in five held-out mean metrics lie inside."""
    from calibration.engine_fit.bands import fit_bands, held_out_values
    from calibration.engine_fit.bands_file import bands_text
    from simulator.atomic import write_text
    from simulator.cost.uncertainty import load_band_terms
    from simulator.validation.score import CaseResult
    from simulator.validation.validate import validate

    results: list[CaseResult] = []
    for group in (name.strip() for name in groups.split(",")):
        results += validate(cases, group=group, terms="held-out", workers=workers).results
    terms = load_band_terms()
    found = fit_bands(held_out_values(results, terms), terms)
    typer.echo(
        f"kernel coherence {found.coherence:.2f}, first-token discrepancy {found.ttft:.1%}: {found.coverage:.0%} of "
        f"{found.n} held-out values inside; {found.crossed:.0%} when half of the models set the width for the others"
    )
    if out is not None:
        write_text(out, bands_text(out.read_text(encoding="utf-8"), found, out))
        typer.echo(f"wrote {out}")
