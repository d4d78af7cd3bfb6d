"""``inferplan schema``: what a file may hold, for editors and for readers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.errors import InputError, did_you_mean

FORMATS = ("json", "markdown")


def schema_command(
    what: Annotated[str, typer.Argument(help="Which file: scenario, study or plan.", metavar="FILE")] = "scenario",
    shape: Annotated[
        str, typer.Option("--format", help="json: JSON schema for editors; markdown: reference page.")
    ] = "json",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there.")] = None,
) -> None:
    """Print the JSON schema of a file, or its reference page."""
    import json

    from simulator.atomic import write_text
    from simulator.reference.documents import document_page, document_schema

    if shape not in FORMATS:
        hint = did_you_mean(shape, FORMATS)
        raise InputError(f"must be one of {', '.join(FORMATS)}", file="--format", value=shape, hint=hint)
    text = document_page(what) if shape == "markdown" else json.dumps(document_schema(what), indent=2) + "\n"
    if out is None:
        print(text, end="")
    else:
        write_text(out, text)
        print(f"Written: {out}")
