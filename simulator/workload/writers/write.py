"""Write a table as a trace file of a chosen format."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from simulator.atomic import atomic_binary
from simulator.errors import InputError, did_you_mean
from simulator.workload.table import RequestTable
from simulator.workload.writers import mooncake, plain_csv, plain_json

WRITERS: dict[str, Callable[[RequestTable], tuple[Iterator[str], list[str]]]] = {
    "csv": plain_csv.lines,
    "mooncake": mooncake.lines,
    "jsonl": plain_json.lines,
}
"""Format by name: ``(table) -> (lines with their ends, what is lost)``."""


def write_trace(table: RequestTable, path: Path, format: str) -> list[str]:
    """Write the table, whole or not at all, packed where the name ends in ``.gz``; equal tables give equal bytes.

    Returns what the format cannot hold and was left out, one sentence each. Raises ``InputError`` for an unknown
    format.
    """
    if format not in WRITERS:
        rule = f"must be one of {', '.join(WRITERS)}"
        raise InputError(rule, path="format", value=format, hint=did_you_mean(format, WRITERS))
    lines, lost = WRITERS[format](table)
    with atomic_binary(path) as file:
        if path.suffix == ".gz":
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                _write(packed, lines)
        else:
            _write(file, lines)
    return lost


def _write(file: Any, lines: Iterator[str]) -> None:
    for line in lines:
        file.write(line.encode("utf-8"))
