"""``inferplan export``: a run as a file another tool reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from simulator.export.run_export import RunExport

FILE_NAMES = {
    "perfetto": "trace.json.gz",
    "csv": "{table}.csv",
    "jsonl": "{table}.jsonl",
    "parquet": "{table}.parquet",
    "vllm-bench": "vllm-bench.json",
    "prometheus": "metrics.prom",
}
"""Formats, and what their files are called unless --out says otherwise."""

_WINDOWED, _TABLES = ("perfetto", "csv", "jsonl", "parquet"), ("csv", "jsonl", "parquet")


def _formats(incomplete: str) -> list[str]:
    return [name for name in FILE_NAMES if name.startswith(incomplete)]


def export_command(
    source: Annotated[
        Path, typer.Argument(help="Folder written by inferplan run --out, or a scenario file.", metavar="DIR|SCENARIO")
    ],
    shape: Annotated[
        str, typer.Option("--format", help=", ".join(FILE_NAMES) + ".", metavar="FORMAT", autocompletion=_formats)
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File to write; packed where it ends in .gz.", show_default=False),
    ] = None,
    window: Annotated[
        str | None, typer.Option(metavar="START:END", help="Part of the simulated time: 10s:20s, :500ms, 1min:.")
    ] = None,
    table: Annotated[str, typer.Option(help="csv, jsonl, parquet: requests, timeseries or steps.")] = "requests",
    detail: Annotated[str, typer.Option(help="perfetto: operators, parts or steps.")] = "operators",
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the scenario. Repeatable.")
    ] = None,
) -> None:
    """Write a run as a trace, tables, bench result or metrics.

    Perfetto JSON; CSV, JSON lines, Parquet; vllm bench serve JSON; Prometheus text.
    """
    from simulator.cli.progress import progress_bar
    from simulator.export.source import run_source
    from simulator.export.tables import TABLES
    from simulator.export.window import parse_window

    _known(shape, FILE_NAMES, "--format")
    _known(table, TABLES, "--table")
    parse_window(window)
    if window is not None and shape not in _WINDOWED:
        raise InputError(f"{shape} is always of the whole run", file="--window", value=window)
    path = out or (source if source.is_dir() else Path()) / FILE_NAMES[shape].format(table=table)
    if path.is_dir():
        raise InputError("is a folder, not a file to write", file=path)
    with progress_bar(shown=True) as on_progress:
        result, notes = run_source(source, overrides or [], on_progress)
    given = {"window": window, "table": table, "detail": detail}
    exports = result.export
    with progress_bar(shown=shape in ("perfetto", "vllm-bench")) as on_progress:
        _write(exports, shape, path, given, on_progress)
    for note in (*notes, *exports.notes):
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"Written: {path} ({path.stat().st_size / 1e6:,.1f} MB); {_SAYS[shape]}")


def _write(exports: RunExport, shape: str, path: Path, given: dict[str, Any], on_progress: Any) -> None:
    if shape == "perfetto":
        exports.perfetto(path, window=given["window"], detail=given["detail"], on_progress=on_progress)
    elif shape == "vllm-bench":
        exports.vllm_bench(path, on_progress=on_progress)
    elif shape == "prometheus":
        exports.prometheus(path)
    else:
        table: Callable[..., Path] = getattr(exports, shape)
        table(path, table=given["table"], window=given["window"])


_SAYS = {
    "perfetto": "open it in ui.perfetto.dev",
    "csv": "one header line, times as in its column names",
    "jsonl": "one object per line",
    "parquet": "pandas.read_parquet reads it",
    "vllm-bench": "keys of vllm bench serve --save-result --save-detailed",
    "prometheus": "vLLM's /metrics after the last request",
}


def _known(value: str, known: Any, option: str) -> None:
    if value not in known:
        hint = did_you_mean(value, known)
        raise InputError(f"must be one of {', '.join(known)}", file=option, value=value, hint=hint)
