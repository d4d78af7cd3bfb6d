"""Which point is which: an id from all that its result follows from, whatever files and folders are called."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import simulator
from simulator.errors import InputError
from simulator.scenario.paths import referenced_files

ID_DIGITS = 16


class Identities:
    """Ids of points; each file a scenario refers to is read once."""

    def __init__(self) -> None:
        self._digests: dict[Path, str] = {}

    def of(self, scenario: dict[str, Any], seeds: int) -> tuple[str, tuple[str, ...]]:
        """``(id, digests of the files)`` of a scenario's plain data.

        The id is a hash of the scenario with its files' contents for their paths, the number of seeds and the program
        version. Raises ``InputError`` for a file that cannot be read.
        """
        content, digests = deepcopy(scenario), []
        for key, path in referenced_files(scenario).items():
            section: Any = content
            *parents, last = key.split(".")
            for parent in parents:
                section = section[parent]
            section[last] = self._digest(path, key)
            digests.append(section[last])
        whole = {"scenario": content, "seeds": seeds, "inferplan": simulator.__version__}
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS], tuple(digests)

    def _digest(self, path: Path, key: str) -> str:
        if path not in self._digests:
            try:
                self._digests[path] = _content_digest(path)
            except OSError as error:
                raise InputError(f"cannot be read: {error.strerror}", path=key, value=str(path)) from None
        return self._digests[path]


def _content_digest(path: Path) -> str:
    """Of a file, or of all files in a folder (a model's, a mix of clients) with what stands beside a file for it."""
    hashed = hashlib.sha256()
    for file in _files(path):
        hashed.update(file.name.encode() if path.is_dir() else b"")
        with file.open("rb") as opened:
            hashed.update(hashlib.file_digest(opened, "sha256").digest())
    return "sha256:" + hashed.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    residuals = path.with_suffix(".residuals.json")  # constants have their corrections beside them
    return [path, residuals] if residuals.is_file() else [path]
