"""Read and write measurement files: CSV of ``calibration.schema``, plain or packed with gzip.

The reader refuses a file that is not what it claims to be: it checks columns, cell types, kernel classes, formats and
devices, and names the line. Rows whose *values* cannot be (no time, incomplete shape, faster than physics) are left to
``calibration.hygiene``, which drops them by name.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.device_names import profile_name
from calibration.number_formats import FORMATS
from calibration.schema import COLUMNS, OPS, REQUIRED
from simulator.atomic import write_gzip_text, write_text
from simulator.errors import InputError, did_you_mean
from simulator.hardware.profile import HardwareProfile

TEXT_COLUMNS = ("source", "device", "dtype", "op", "kv_dtype", "distribution", "kernel", "mode")
"""Columns of words; all others are numbers."""

TIME_UNITS = {"time_us": 1.0, "time_ns": 1e-3, "time_ms": 1e3, "time_s": 1e6}
"""Accepted names of the time column -> microseconds per unit."""


def read_measurements(path: Path, hardware: HardwareProfile | None = None) -> pd.DataFrame:
    """Rows of a measurement file, every schema column present, times in microseconds, devices by profile name.

    ``hardware``: the device all rows must be of. Raises ``InputError`` (file, line, column, value) for a file that is
    binary, truncated or empty; a missing, unknown or doubled column; a word where a number belongs; an unknown kernel
    class, number format or device; rows of another device.
    """
    text = _text_of(path)
    _check_header(path, text)
    try:
        rows = pd.read_csv(io.StringIO(text), skip_blank_lines=False, low_memory=False, na_filter=True)
    except pd.errors.ParserError as error:
        detail = str(error).removeprefix("Error tokenizing data. ").strip()
        raise InputError(f"is not a table: {detail}", file=path) from None
    rows = rows.dropna(how="all")
    if rows.empty:
        raise InputError("has a header and no rows", file=path)
    rows.columns = [str(name).strip() for name in rows.columns]
    rows = _in_microseconds(path, rows)
    rows = rows.reindex(columns=list(COLUMNS))
    check_numbers(path, rows)
    _check_words(path, rows, "op", OPS, "is no kernel class")
    _check_words(path, rows, "dtype", FORMATS, "is no number format")
    _check_words(path, rows, "kv_dtype", FORMATS, "is no number format")
    _check_devices(path, rows, hardware)
    return rows.reset_index(drop=True)


def write_measurements(path: Path, rows: pd.DataFrame) -> None:
    """Write rows in schema order, atomically; a name ending in ``.gz`` is packed."""
    text = rows.reindex(columns=list(COLUMNS)).to_csv(index=False, float_format="%.10g", lineterminator="\n")
    (write_gzip_text if path.suffix == ".gz" else write_text)(path, text)


def _text_of(path: Path) -> str:
    """The file as text; refuses what is missing, binary, truncated or empty."""
    if not path.is_file():
        raise InputError("no such measurement file", file=path)
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise InputError("is a truncated or damaged gzip file", file=path) from None
    if not data.strip():
        raise InputError("is empty", file=path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError("is not a text file; a CSV with the columns of the measurement schema is wanted", file=path)
    return text


def _check_header(path: Path, text: str) -> None:
    names = [name.strip() for name in next(csv.reader(io.StringIO(text)))]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError("names a column twice", file=path, line=1, value=doubled[0])
    known = {**COLUMNS, **TIME_UNITS}
    for name in names:
        if name not in known:
            raise InputError(
                "is no column of the measurement schema", file=path, line=1, value=name,
                hint=did_you_mean(name, known) or "tables of other tools: inferplan calibrate import",
            )  # fmt: skip
    times = [name for name in names if name in TIME_UNITS]
    if len(times) > 1:
        raise InputError("gives the time twice", file=path, line=1, value=", ".join(times))
    missing = [name for name in REQUIRED if name not in names and not (name == "time_us" and times)]
    if missing:
        raise InputError(
            f"lacks the column {missing[0]!r}: {COLUMNS[missing[0]]}", file=path, line=1, value=", ".join(names),
            hint=f"every file needs {', '.join(REQUIRED)}",
        )  # fmt: skip


def _in_microseconds(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    column = next(name for name in TIME_UNITS if name in rows.columns)
    if column == "time_us":
        return rows
    _check_number(path, rows, column)
    return rows.assign(time_us=rows[column].astype(float) * TIME_UNITS[column]).drop(columns=column)


def check_numbers(path: Path, rows: pd.DataFrame) -> None:
    """Turn the number columns of the schema that ``rows`` has into floats, in place.

    Raises ``InputError`` with the line of the first cell that is neither a number nor empty.
    """
    for column in COLUMNS:
        if column in rows and column not in TEXT_COLUMNS:
            _check_number(path, rows, column)
            rows[column] = pd.to_numeric(rows[column]).astype(float)


def _check_number(path: Path, rows: pd.DataFrame, column: str) -> None:
    """Refuse the first cell of a column that is neither a number nor empty."""
    cells = rows[column]
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return
    numbers = pd.to_numeric(cells.astype("object").where(cells.notna()).astype(str), errors="coerce")
    bad = numbers.isna() & cells.notna()
    if bad.any() or pd.api.types.is_bool_dtype(cells):
        place = int(bad.to_numpy().argmax())
        line = _line(cells.index[place])
        raise InputError("must be a number", file=path, line=line, path=column, value=cells.iloc[place])


def _check_words(path: Path, rows: pd.DataFrame, column: str, known: Mapping[str, object], problem: str) -> None:
    words = rows[column].dropna()
    if column == "op" and len(words) < len(rows):
        raise InputError("is empty", file=path, line=_line(rows[column].isna().idxmax()), path=column)
    bad = ~words.astype(str).isin(list(known))
    if bad.any():
        place = int(bad.to_numpy().argmax())
        word = str(words.iloc[place])
        hint = did_you_mean(word, known) or f"known: {', '.join(known)}"
        raise InputError(problem, file=path, line=_line(words.index[place]), path=column, value=word, hint=hint)


def _check_devices(path: Path, rows: pd.DataFrame, hardware: HardwareProfile | None) -> None:
    """Replace device names by profile names; refuse unknown ones and those of another device."""
    names = {word: profile_name(str(word)) for word in rows["device"].unique()}
    if hardware is not None:
        names = {word: hardware.name if word == hardware.name else name for word, name in names.items()}
    for word, name in names.items():
        label = rows.index[rows["device"].isna() if pd.isna(word) else rows["device"] == word][0]
        if name is None:
            known = did_you_mean(str(word), [n for n in names.values() if n])
            raise InputError(
                "is no hardware profile", file=path, line=_line(label), path="device",
                value=None if pd.isna(word) else word, hint=known or "inferplan list hardware names them",
            )  # fmt: skip
        if hardware is not None and name != hardware.name:
            raise InputError(
                f"was measured on another device than {hardware.name}", file=path, line=_line(label), path="device",
                value=word,
            )  # fmt: skip
    rows["device"] = rows["device"].map(names)


def _line(label: object) -> int:
    """1-based line of a row label: the header is line 1."""
    return int(np.asarray(label)) + 2
