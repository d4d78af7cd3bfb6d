"""Steps every importer shares: opening a CSV, choosing a device, putting rows in schema order."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from calibration.device_names import profile_name
from calibration.dropped import Dropped, split_off
from calibration.number_formats import canonical_format
from calibration.schema import COLUMNS, OPS
from simulator.errors import InputError


def is_csv(source: Path) -> bool:
    """A file whose name says CSV, packed or not."""
    return source.is_file() and source.name.lower().endswith((".csv", ".csv.gz"))


def header(source: Path) -> list[str]:
    """Column names of a CSV; empty when the file is no readable CSV."""
    opener = gzip.open if source.suffix == ".gz" else open
    try:
        with opener(source, "rt", encoding="utf-8") as file:
            return [name.strip().strip('"') for name in file.readline().split(",")]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return []


def read_csv(source: Path, **options: Any) -> pd.DataFrame:
    """A CSV file as it stands; ``InputError`` when it cannot be read as one."""
    try:
        return pd.read_csv(source, low_memory=False, **options)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise InputError("is not a whole CSV file", file=source) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"is not a table: {str(error).strip()}", file=source) from None


def demand(source: Path, names: list[str], wanted: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column."""
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(
            f"lacks the column {missing[0]!r}", file=source, line=1, value=", ".join(str(name) for name in names)
        )


def canonical(rows: pd.DataFrame, device: str | None) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rows in schema order with our names for devices, formats and kernel classes; the rest is dropped by name.

    ``device``: keep that profile only; it need not be a bundled one.
    """
    dropped: list[Dropped] = []
    for op in sorted(set(rows["op"].astype(str)) - set(OPS)):
        rows, gone = split_off(rows, rows["op"].astype(str) == op, f"kernel class {op!r} has no place in the schema")
        dropped += gone
    for name in rows["device"].astype(str).unique():
        known = _profile_of(name, device)
        if known is None:
            reason = f"no hardware profile for device {name!r}; name its profile with --hardware"
            rows, gone = split_off(rows, rows["device"].astype(str) == name, reason)
        elif device not in (None, known):
            rows, gone = split_off(rows, rows["device"].astype(str) == name, f"measured on {known}")
        else:
            gone = []
        dropped += gone
    rows = rows.assign(device=rows["device"].astype(str).map(lambda name: _profile_of(name, device)))
    for column in ("dtype", "kv_dtype"):
        rows, gone = _our_formats(rows, column)
        dropped += gone
    return _only_own_cells(rows.reindex(columns=list(COLUMNS)).reset_index(drop=True)), dropped


def _profile_of(name: str, device: str | None) -> str | None:
    """The wanted profile where a table says its very name, else the bundled one that the name means."""
    return device if name == device else profile_name(name)


_ANY_OP = ("source", "device", "dtype", "op", "time_us", "kernel", "iqr_us", "repeats", "mode")
_FURTHER = {
    "attn_prefill": ("kv_dtype", "window"),
    "attn_decode": ("q_len", "kv_dtype", "window"),
    "mla_prefill": ("kv_dtype",),
    "mla_decode": ("q_len", "kv_dtype"),
    "moe": ("moe_tp", "moe_ep", "distribution"),
}
"""Columns that tell a class apart beyond its shape."""


def _only_own_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Empty the cells that do not apply to a row's class: tables fill them with zeros or their model's head counts,
    and equal shapes would look different."""
    for op, index in rows.groupby("op").indices.items():
        own = {*_ANY_OP, *OPS[str(op)].shape, *_FURTHER.get(str(op), ())}
        for column in COLUMNS:
            if column not in own and rows[column].notna().any():
                applies = pd.Series(True, index=rows.index)
                applies.iloc[index] = False
                rows[column] = rows[column].where(applies)
    return rows


def _our_formats(rows: pd.DataFrame, column: str) -> tuple[pd.DataFrame, list[Dropped]]:
    if column not in rows:
        return rows, []
    dropped: list[Dropped] = []
    names = {word: canonical_format(str(word)) for word in rows[column].dropna().unique()}
    for word, known in names.items():
        if known is None:
            rows, gone = split_off(rows, rows[column] == word, f"unknown number format {word!r} in {column}")
            dropped += gone
    return rows.assign(**{column: rows[column].map(names)}), dropped
