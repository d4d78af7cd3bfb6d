"""``inferplan calibrate import``: another tool's kernel table as a measurement file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.errors import exits_cleanly
from simulator.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from calibration.dropped import Dropped


@exits_cleanly
def import_command(
    source: Annotated[
        str, typer.Argument(help="File or folder; aiconfigurator-core = the installed package.", metavar="SOURCE")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Measurement file to write (.csv or .csv.gz).")],
    format_name: Annotated[
        str,
        typer.Option("--format", help="auto, aiconfigurator, vidur, llmservingsim, apex, tidy or plain."),
    ] = "auto",
    device: Annotated[str | None, typer.Option(help="Only rows of this device: inferplan list hardware.")] = None,
    system: Annotated[str | None, typer.Option(help="System folder (aiconfigurator), e.g. h200_sxm.")] = None,
    backend: Annotated[str | None, typer.Option(help="vllm, sglang or trtllm (aiconfigurator).")] = None,
    version: Annotated[str | None, typer.Option(help="Backend version (aiconfigurator); default: the newest.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=NAME", help="Plain CSV: our column = its name, or = VALUE: for all."),
    ] = None,
) -> None:
    """Turn another tool's kernel table into a measurement file.

    Names and units become ours; what has no place is listed with counts. Nothing is judged: calibrate fit does that.
    """
    from calibration.dropped import merged
    from calibration.importers.formats import import_measurements
    from calibration.importers.imported import Selection
    from calibration.measurements_file import write_measurements
    from simulator.hardware.catalog import load_hardware

    if not out.name.endswith((".csv", ".csv.gz")):
        raise InputError("must end in .csv or .csv.gz", path="--out", value=str(out))
    wanted = Selection(
        device=None if device is None else load_hardware(device).name,
        system=system,
        backend=backend,
        version=version,
        columns=_column_map(columns or []),
    )
    found, imported = import_measurements(source, wanted, format_name)
    write_measurements(out, imported.rows)
    _print_report(found, imported.rows, merged(imported.dropped), imported.notes)
    _warn_of_copies(imported.rows)
    typer.echo(f"Written to {out}")


def _column_map(pairs: list[str]) -> dict[str, str]:
    """``["m=M"]`` -> ``{"m": "M"}``."""
    found: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not ours or not theirs:
            raise InputError("must read COLUMN=NAME", path="--map", value=pair)
        if ours in found:
            raise InputError("maps a column twice", path="--map", value=pair)
        found[ours] = theirs
    return found


def _print_report(format_name: str, rows: pd.DataFrame, dropped: list[Dropped], notes: tuple[str, ...]) -> None:
    """Rows per device, kernel class and format, then what was left out."""
    import sys

    from rich.console import Console
    from rich.table import Table

    from calibration.words import words

    table = Table(title=f"{len(rows):,} rows read as {format_name}", title_justify="left", box=None, pad_edge=False)
    for name in ("device", "op", "dtype", "kv_dtype"):
        table.add_column(name, no_wrap=True)
    for name in ("rows", "fastest us", "slowest us", "libraries"):
        table.add_column(name, justify="right")
    keys = [words(rows, name) for name in ("device", "op", "dtype", "kv_dtype")]
    for key, part in rows.groupby(keys):
        named = [str(word) for word in key]  # type: ignore[attr-defined, unused-ignore]
        times, libraries = part["time_us"], part["kernel"].nunique()
        table.add_row(*named, f"{len(part):,}", f"{times.min():.4g}", f"{times.max():.4g}", str(libraries))
    Console(width=None if sys.stdout.isatty() else 110, highlight=False).print(table)
    for dropped_part in dropped:
        typer.echo(f"left out: {dropped_part}")
    for note in notes:
        typer.echo(f"note: {note}")


def _warn_of_copies(rows: pd.DataFrame) -> None:
    """Say which devices of one table are another one's rows times a constant."""
    from calibration.hygiene import scaled_copies

    devices = sorted(rows["device"].unique())
    for place, device in enumerate(devices):
        for other in devices[:place]:
            for copy in scaled_copies(rows[rows["device"] == device], rows[rows["device"] == other]):
                typer.echo(
                    f"warning: {copy.op} of {device} is {copy.factor:g} times that of {other} on all {copy.rows:,} "
                    "common shapes: not measured",
                    err=True,
                )
