"""Rows of JSON-lines traces, read key by key, every bad value reported with its line and key."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.errors import InputError
from simulator.workload.table import MAX_TOKENS

MAX_ID = 2**63 - 1
MAX_SECONDS = 1e12


class JsonRow:
    """One JSON object of a trace. Getters raise ``InputError`` naming file, line and key."""

    def __init__(self, path: Path, number: int, values: Any) -> None:
        self._path, self._number = path, number
        if not isinstance(values, dict):
            raise self.error("must be a JSON object", None, values)
        self.values: dict[str, Any] = values

    @classmethod
    def parse(cls, path: Path, number: int, line: str) -> JsonRow:
        """The object on line ``number``."""
        return cls(path, number, parse_json(path, number, line))

    def has(self, key: str) -> bool:
        """Whether the key holds something other than null."""
        return self.values.get(key) is not None

    def get(self, key: str) -> Any:
        """The value of a key that must be there."""
        if key not in self.values:
            raise self.error("key is missing", key, sorted(self.values))
        return self.values[key]

    def time(self, key: str, unit: str = "seconds", most: float = MAX_SECONDS) -> float:
        """A time in the file's own unit, >= 0."""
        value = self.get(key)
        if type(value) not in (int, float) or not 0 <= value <= most:
            raise self.error(f"must be a number of {unit} in 0..{most:g}", key, value)
        return float(value)

    def tokens(self, key: str, least: int = 1) -> int:
        """A token count."""
        value = self.get(key)
        if type(value) is not int or not least <= value <= MAX_TOKENS:
            raise self.error(f"must be a whole number of tokens in {least}..{MAX_TOKENS}", key, value)
        return value

    def whole(self, key: str, least: int = 0) -> int:
        """A 64-bit whole number >= ``least``."""
        value = self.get(key)
        if type(value) is not int or not least <= value <= MAX_ID:
            raise self.error(f"must be a whole number >= {least}", key, value)
        return value

    def wholes(self, key: str, least: int = 0) -> list[int]:
        """A list of 64-bit whole numbers >= ``least``."""
        value = self.get(key)
        if type(value) is not list:
            raise self.error("must be a list of whole numbers", key, value)
        for place, item in enumerate(value):
            if type(item) is not int or not least <= item <= MAX_ID:
                raise self.error(f"must be a whole number >= {least}", f"{key}[{place}]", item)
        return value

    def error(self, problem: str, key: str | None, value: object) -> InputError:
        """An ``InputError`` at ``key`` (the caller raises it)."""
        return InputError(problem, file=self._path, line=self._number, path=key, value=value)


def json_rows(path: Path, lines: Iterator[str], limit: int | None) -> Iterator[JsonRow]:
    """The objects of a JSON-lines file, blank lines skipped, at most ``limit``."""
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if not line.isspace())
    for number, line in itertools.islice(numbered, limit):
        yield JsonRow.parse(path, number, line)


def parse_json(path: Path, number: int, text: str) -> Any:
    """JSON that begins on line ``number``; raises ``InputError`` when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not valid JSON: {error}", file=path, line=number, value=text.strip()) from None
