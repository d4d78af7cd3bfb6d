"""``inferplan report``: one HTML page and its Markdown twin from a result folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report_command(
    folder: Annotated[
        Path, typer.Argument(help="Folder written with --out by run, goal, sweep or plan.", metavar="DIR")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The HTML page; its twin gets .md. Default: DIR/report.html.")
    ] = None,
) -> None:
    """Turn a result folder into one self-contained page."""
    from simulator.atomic import write_text
    from simulator.errors import InputError
    from simulator.pages.files import report_texts

    page = folder / "report.html" if out is None else out
    if page.suffix.lower() not in (".html", ".htm"):
        raise InputError("must end in .html; the Markdown twin stands beside it", file="--out", value=str(page))
    texts = report_texts(folder)
    for path, text in zip((page, page.with_suffix(".md")), texts, strict=True):
        write_text(path, text)
        print(f"{path}  {len(text.encode()) / 1024:,.0f} KiB")
