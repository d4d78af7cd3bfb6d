"""points.jsonl: one line per finished point, written whole and flushed to the disk before the next one.

A process killed while it writes may leave a torn last line; it is recognised by its missing line end and dropped. Two
sweeps cannot write into one folder: the file is locked, and the lock goes with the process that held it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulator.errors import InputError

NAME = "points.jsonl"
_KEYS = ("id", "index", "set", "status", "error", "metrics", "title")


@dataclass(frozen=True)
class Row:
    """One finished point, as the file holds it. ``status``: ``ok`` or ``error``."""

    id: str
    index: int
    set: dict[str, Any]
    status: str
    error: str | None
    metrics: dict[str, float | None] = field(default_factory=dict)
    title: str = ""

    def content(self) -> dict[str, Any]:
        """Plain data in the file's order."""
        return asdict(self)


def read_rows(folder: Path) -> list[Row]:
    """Rows in the order they were written; none where there is no file. A torn last line is left out.

    Raises ``InputError`` for a whole line that is no row.
    """
    path = folder / NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = content[: content.rfind(b"\n") + 1]
    return [_row(line, path, number) for number, line in enumerate(whole.splitlines(), start=1)]


class Journal:
    """The file, open for appending."""

    def __init__(self, file: int) -> None:
        self._file = file

    def add(self, row: Row) -> None:
        """Append one line; it is on the disk when this returns."""
        line = json.dumps(row.content(), separators=(",", ":"), allow_nan=False).encode() + b"\n"
        while line:  # a full disk or a signal may cut a write short
            line = line[os.write(self._file, line) :]
        os.fsync(self._file)


@contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """Lock the file (made with its folder where there is none), cut a torn last line off, append.

    Raises ``InputError`` while another sweep writes there.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write there: {error.strerror}", file=folder) from None
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        _lock(file, folder)
        _cut_torn_line(file, path)
        yield Journal(file)
    finally:
        os.close(file)


def _row(line: bytes, path: Path, number: int) -> Row:
    try:
        content = json.loads(line)
        row = Row(**{key: content[key] for key in _KEYS})
    except (ValueError, KeyError, TypeError):
        row = None
    if row is None or not _is_sound(row):
        raise InputError("is not a row of a sweep", file=path, line=number)
    return row


def _is_sound(row: Row) -> bool:
    """Whether every field is of its kind and every metric a finite number, or none."""
    kinds = isinstance(row.id, str) and type(row.index) is int and isinstance(row.set, dict)
    ends = row.status in ("ok", "error") and isinstance(row.error, str | None) and isinstance(row.title, str)
    return kinds and ends and isinstance(row.metrics, dict) and all(map(_is_figure, row.metrics.values()))


def _is_figure(value: object) -> bool:
    if isinstance(value, int | float):
        return not isinstance(value, bool) and math.isfinite(value)
    return value is None


def _lock(file: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no such lock
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError("another sweep is writing into this folder", file=folder) from None


def _cut_torn_line(file: int, path: Path) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.ftruncate(file, whole)
        os.fsync(file)
