"""Write files whole or not at all: the content goes to a temporary neighbour that then takes the final name."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def atomic_binary(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file that replaces ``path`` when the block ends without an exception.

    Raises ``OSError`` that names ``path``, not the neighbour, where none can be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_binary(path) as file:
        file.write(text.encode("utf-8"))


def write_gzip_text(path: Path, text: str) -> None:
    """Write UTF-8 text through gzip atomically."""
    with atomic_binary(path) as file:
        file.write(gzip_bytes(text))


def gzip_bytes(text: str) -> bytes:
    """UTF-8 text packed by gzip."""
    return gzip_packed(text.encode("utf-8"))


def gzip_packed(content: bytes) -> bytes:
    """Bytes packed by gzip; no time stamp or name inside, so equal content gives equal bytes."""
    buffer = io.BytesIO()
    with gzip_file(buffer) as packed:
        packed.write(content)
    return buffer.getvalue()


def gzip_file(sink: BinaryIO) -> gzip.GzipFile:
    """A file that packs into ``sink`` what is written to it, the same way; close it to finish, ``sink`` stays open."""
    return gzip.GzipFile(filename="", mode="wb", fileobj=sink, mtime=0, compresslevel=6)
