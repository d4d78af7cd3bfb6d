"""Lines of a trace file, unpacked and decoded, with every way a file can be broken turned into one message."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from simulator.datafiles import names_file, names_folder
from simulator.errors import InputError, did_you_mean

_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK = "\ufeff"


def trace_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, line ends included; gzip is recognised by its first bytes.

    Raises ``InputError`` with the line reached when the file is missing, unreadable, cut off, binary or not UTF-8.
    """
    number = 0
    try:
        with _open(path) as file:
            for number, raw in enumerate(file, start=1):
                yield _decode(raw, path, number)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            "the gzip file is damaged or was cut off while being copied", file=path, line=number + 1, hint=str(error)
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=path) from None


def _open(path: Path) -> BinaryIO:
    if names_folder(path):
        raise InputError("is no file; a trace is one CSV or JSON-lines file, possibly gzipped", file=path)
    if not names_file(path):
        neighbours = [entry.name for entry in path.parent.iterdir()] if names_folder(path.parent) else []
        raise InputError("no such trace file", file=path, hint=did_you_mean(path.name, neighbours))
    file = path.open("rb")
    if file.peek(2)[:2] != _GZIP_MAGIC:
        return file
    file.close()
    return gzip.open(path, "rb")  # type: ignore[return-value]


def _decode(raw: bytes, path: Path, number: int) -> str:
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        found = raw[max(0, error.start - 8) : error.start + 8]
        raise InputError(
            "is not UTF-8 text; a trace is CSV or JSON lines", file=path, line=number, value=found
        ) from None
    if "\0" in line:
        raise InputError("is binary, not text; a trace is CSV or JSON lines", file=path, line=number, value=line[:16])
    return line.removeprefix(_UTF8_MARK) if number == 1 else line
