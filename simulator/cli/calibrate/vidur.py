"""``inferplan calibrate vidur``: our cost model and scheduler against Vidur's, each apart from the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from calibration.vidur.compare import Comparison


def vidur_command(
    source: Annotated[
        Path, typer.Argument(help="Folder with kernels/vidur_profiles.csv.gz and peers/vidur_*.", metavar="FOLDER")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the page there, its figures into DIR/images.")
    ] = None,
) -> None:
    """Hold Vidur's iteration times and per-request results beside ours.

    Its profiles are fitted, its iterations taken apart, its request lists run under both cost models.
    """
    from rich.console import Console

    from calibration.vidur.compare import compare
    from calibration.vidur.folder import Folder

    comparison = compare(Folder(source))
    console = Console()
    for table in (_parts_table(comparison), _requests_table(comparison)):
        console.print(table)
    if out is not None:
        _write(out, comparison)
        console.print(f"wrote {out / 'vidur.md'}", markup=False, highlight=False)


def _parts_table(comparison: Comparison) -> Table:
    from rich.table import Table

    from calibration.vidur.parts import part_errors

    table = Table(title="Parts of an iteration, difference from Vidur", title_justify="left")
    for name in ("model", "part"):
        table.add_column(name, no_wrap=True)
    for name in ("share %", "rebuilt %", "ours %", "ours p90 %", "signed %"):
        table.add_column(name, justify="right")
    for short, parts in comparison.parts.items():
        for _, row in part_errors(parts).iterrows():
            figures = (row["rebuilt_median"], row["ours_median"], row["ours_p90"])
            shown = [f"{value:.1f}" for value in (100 * row["share"], *figures)]
            table.add_row(short, str(row["part"]), *shown, f"{row['ours_bias']:+.1f}")
        table.add_section()
    return table


def _requests_table(comparison: Comparison) -> Table:
    from rich.table import Table

    table = Table(title="Requests, difference from Vidur", title_justify="left")
    for name in ("model", "scheduler", "variant"):
        table.add_column(name, no_wrap=True)
    for name in ("TTFT mean %", "TPOT mean %", "E2E mean %", "per request %"):
        table.add_column(name, justify="right")
    for run in comparison.runs:
        found = {difference.metric: difference for difference in run.differences}
        means = [f"{found[metric].mean_percent:+.1f}" for metric in ("ttft", "tpot", "e2e")]
        table.add_row(run.peer.short, run.scheduler, run.variant.name, *means, f"{found['e2e'].request_median:.2f}")
    return table


def _write(out: Path, comparison: Comparison) -> None:
    from calibration.vidur.charts import parts_chart, requests_chart
    from calibration.vidur.page import PARTS_IMAGE, REQUESTS_IMAGE, page
    from simulator.atomic import write_text
    from simulator.report.files import write_folder
    from simulator.report.render import render

    images = {
        PARTS_IMAGE: render(lambda: parts_chart(comparison))["png"],
        REQUESTS_IMAGE: render(lambda: requests_chart(comparison))["png"],
    }
    write_folder(out / "images", images)
    write_text(out / "vidur.md", page(comparison))
