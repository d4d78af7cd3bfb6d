"""Any CSV, with a map from our columns to its names: ``--map m=M --map time_ms=latency --map op=gemm:``.

A mapped name that ends in a colon is a constant for all rows (``op=gemm:``), so that a spreadsheet of one kernel class
needs no column for it.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.importers.imported import Imported, Selection
from calibration.importers.tables import canonical, is_csv, read_csv
from calibration.measurements_file import TIME_UNITS, check_numbers
from calibration.schema import COLUMNS, REQUIRED
from simulator.errors import InputError, did_you_mean

_CONSTANT = ":"


def sniff(source: Path) -> bool:
    """Any CSV file."""
    return is_csv(source)


def read(source: Path, wanted: Selection) -> Imported:
    """Rows with mapped columns; columns that already have our names need no entry."""
    table = read_csv(source)
    rows = pd.DataFrame(index=table.index)
    for ours in (*COLUMNS, *TIME_UNITS):
        theirs = wanted.columns.get(ours, ours if ours in table else None)
        if theirs is not None:
            rows[ours] = _column(source, table, ours, theirs)
    for name in wanted.columns:
        if name not in (*COLUMNS, *TIME_UNITS):
            hint = did_you_mean(name, [*COLUMNS, *TIME_UNITS])
            raise InputError("is no column of the measurement schema", path="--map", value=name, hint=hint)
    if "device" not in rows and wanted.device is not None:
        rows["device"] = wanted.device
    _put_time(rows)
    missing = [name for name in REQUIRED if name not in rows]
    if missing:
        raise InputError(
            f"lacks {missing[0]!r} ({COLUMNS[missing[0]]})", file=source, line=1, value=", ".join(table.columns),
            hint=_remedy(missing[0]),
        )  # fmt: skip
    check_numbers(source, rows)
    kept, dropped = canonical(rows, wanted.device)
    return Imported(kept, dropped)


def _remedy(column: str) -> str:
    if column == "device":
        return "name it with --device, or map a column: --map device=NAME"
    if column == "time_us":
        return f"map a column to one of {', '.join(TIME_UNITS)}: --map time_ms=NAME"
    return f"map a column, --map {column}=NAME, or give one value for all rows, --map {column}=gemm:"


def _column(source: Path, table: pd.DataFrame, ours: str, theirs: str) -> pd.Series:
    if theirs.endswith(_CONSTANT):
        return pd.Series(theirs.removesuffix(_CONSTANT), index=table.index)
    if theirs not in table:
        names = [str(name) for name in table.columns]
        raise InputError(
            "is no column of the table", file=source, line=1, path=f"--map {ours}", value=theirs,
            hint=did_you_mean(theirs, names) or f"columns: {', '.join(names)}",
        )  # fmt: skip
    return table[theirs]


def _put_time(rows: pd.DataFrame) -> None:
    """Fill ``time_us`` from a column in another unit."""
    for column, factor in TIME_UNITS.items():
        if "time_us" not in rows and column in rows:
            rows["time_us"] = pd.to_numeric(rows[column], errors="coerce") * factor
