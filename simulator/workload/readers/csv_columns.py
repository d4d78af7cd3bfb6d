"""Columns of a CSV file with a header, read in chunks, every bad value reported with its line and column."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.errors import InputError, did_you_mean
from simulator.workload.table import IntColumn

_CHUNK_ROWS = 5_000

Parse = Callable[[Sequence[str]], npt.NDArray[Any]]
"""Turns the texts of a column into an array; raises ``ValueError`` when one of them is not allowed."""


@dataclass(frozen=True)
class Column:
    """A column that a format knows: its name in the header, how it is parsed, what is allowed (for the message)."""

    name: str
    parse: Parse
    rule: str
    required: bool = True


@dataclass(frozen=True)
class CsvColumns:
    """Parsed columns by name, and (n,) the line of the file on which each row ends."""

    values: dict[str, npt.NDArray[Any]]
    line: IntColumn

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.values[name]

    def get(self, name: str) -> npt.NDArray[Any] | None:
        """The column, or None when the file lacks it."""
        return self.values.get(name)


def header_names(line: str) -> list[str]:
    """Column names of a header line (the first one of several); none when it is no CSV at all."""
    try:
        return [name.strip() for name in next(csv.reader(line.splitlines()[:1]), [])]
    except csv.Error:  # a JSON document on one line, say, has longer fields than the parser allows
        return []


def read_columns(path: Path, lines: Iterator[str], columns: Sequence[Column], limit: int | None) -> CsvColumns:
    """Read the known columns of a CSV file; unknown ones are ignored, optional ones may be absent.

    Names are matched without regard to case. Blank lines are skipped. At most ``limit`` rows are read.
    Raises ``InputError`` for a missing or doubled column, a row of another width, a value that is not allowed, a file
    without rows.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        places = _places(path, header, columns)
        parts: dict[str, list[npt.NDArray[Any]]] = {column.name: [] for column in places}
        line_parts: list[IntColumn] = []
        for rows, numbers in _chunks(reader, limit):
            texts = _transpose(path, rows, numbers, len(header))
            line_parts.append(np.array(numbers, dtype=np.int64))
            for column, place in places.items():
                parts[column.name].append(_parse(path, column, texts[place], numbers))
    except csv.Error as error:
        raise InputError(f"is not valid CSV: {error}", file=path, line=reader.line_num) from None
    if not line_parts:
        raise InputError("has a header but no requests", file=path, line=reader.line_num)
    values = {name: np.concatenate(chunks) for name, chunks in parts.items()}
    return CsvColumns(values, np.concatenate(line_parts))


def _places(path: Path, header: list[str], columns: Sequence[Column]) -> dict[Column, int]:
    lowered = [name.lower() for name in header]
    places = {}
    for column in columns:
        found = lowered.count(column.name.lower())
        if found > 1:
            raise InputError("stands more than once in the header", file=path, line=1, path=column.name)
        if found:
            places[column] = lowered.index(column.name.lower())
        elif column.required:
            hint = did_you_mean(column.name, header)
            raise InputError("column is missing", file=path, line=1, path=column.name, value=header, hint=hint)
    return places


def _chunks(reader: Any, limit: int | None) -> Iterator[tuple[Sequence[list[str]], Sequence[int]]]:
    """Rows with their line numbers, a few thousand at a time."""
    numbered = itertools.islice(((row, reader.line_num) for row in reader if row), limit)
    while chunk := list(itertools.islice(numbered, _CHUNK_ROWS)):
        rows, numbers = zip(*chunk, strict=True)
        yield rows, numbers


def _transpose(path: Path, rows: Sequence[list[str]], numbers: Sequence[int], width: int) -> list[tuple[str, ...]]:
    for row, number in zip(rows, numbers, strict=True):
        if len(row) != width:
            raise InputError(f"the row must have {width} columns like the header", file=path, line=number, value=row)
    return list(zip(*rows, strict=True))


def _parse(path: Path, column: Column, texts: Sequence[str], numbers: Sequence[int]) -> npt.NDArray[Any]:
    try:
        return column.parse(texts)
    except (ValueError, OverflowError):
        for text, number in zip(texts, numbers, strict=True):
            try:
                column.parse([text])
            except (ValueError, OverflowError):
                raise InputError(column.rule, file=path, line=number, path=column.name, value=text) from None
        raise
