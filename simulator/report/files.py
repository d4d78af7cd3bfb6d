"""Write a result folder whole: no reader ever sees half of one.

Everything is written into a hidden neighbour first. A new folder then takes its name in one step; in an existing one
the files are replaced one by one, each in one step, and charts of an earlier run that are not drawn now are removed.
Nothing else in the folder is touched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from simulator.errors import InputError


def write_folder(folder: Path, files: Mapping[str, bytes], *, outdated: frozenset[str] = frozenset()) -> list[Path]:
    """Write ``files`` (name -> content) into ``folder``; returns their paths in the given order.

    A name may lead into a folder inside (``launch/values.yaml``).

    ``outdated``: names to remove from an existing folder unless they are written now. Raises ``InputError`` when the
    folder's name is taken by a file or cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file, not a folder to write results into", file=folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise InputError(f"cannot write there: {error.strerror}", file=folder) from None
    try:
        for name, content in files.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_bytes(content)
        _publish(staging, folder, files, outdated)
    except OSError as error:
        raise InputError(f"cannot write there: {error.strerror}", file=folder) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return [folder / name for name in files]


def _publish(staging: Path, folder: Path, files: Mapping[str, bytes], outdated: frozenset[str]) -> None:
    if not folder.exists():
        staging.chmod(0o755)
        os.replace(staging, folder)
        return
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / name, folder / name)
    for name in outdated - files.keys():
        (folder / name).unlink(missing_ok=True)
