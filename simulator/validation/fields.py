"""Typed access to one JSON object of a case file; every complaint names file, line and dotted path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Fields:
    """A JSON object with its place in the file. ``optional_*`` give None for null and for an absent key."""

    content: Mapping[str, Any]
    file: Path
    line: int
    path: str = ""

    def error(self, key: str, problem: str, *, hint: str | None = None) -> InputError:
        """An error about ``key``, with the value found there."""
        value = self.content.get(key)
        return InputError(problem, file=self.file, line=self.line, path=self._dotted(key), value=value, hint=hint)

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self.content.get(key) is not None

    def section(self, key: str) -> Fields:
        """The object under ``key``; empty when it is null or absent."""
        value = self.content.get(key)
        if value is not None and not isinstance(value, dict):
            raise self.error(key, "must be an object")
        return replace(self, content=value or {}, path=self._dotted(key))

    def sections(self, key: str) -> list[Fields]:
        """The objects of the list under ``key``; none when it is null or absent."""
        values = self.content.get(key) or []
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.error(key, "must be a list of objects")
        return [replace(self, content=v, path=f"{self._dotted(key)}[{i}]") for i, v in enumerate(values)]

    def text(self, key: str, *, allowed: Iterable[str] = ()) -> str:
        """A text, one of ``allowed`` when that is given."""
        value = self.optional_text(key)
        if value is None:
            raise self.error(key, "must be a text")
        choices = list(allowed)
        if choices and value not in choices:
            raise self.error(key, f"must be one of {', '.join(choices)}", hint=did_you_mean(value, choices))
        return value

    def optional_text(self, key: str) -> str | None:
        """A text or None."""
        value = self.content.get(key)
        if value is not None and not isinstance(value, str):
            raise self.error(key, "must be a text")
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts or None."""
        values = self.content.get(key)
        if values is None:
            return None
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.error(key, "must be a list of texts")
        return tuple(values)

    def whole(self, key: str, *, at_least: int = 1) -> int:
        """A whole number."""
        value = self.optional_whole(key, at_least=at_least)
        if value is None:
            raise self.error(key, f"must be a whole number >= {at_least}")
        return value

    def optional_whole(self, key: str, *, at_least: int = 1) -> int | None:
        """A whole number or None."""
        value = self.content.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
            raise self.error(key, f"must be a whole number >= {at_least}")
        return value

    def number(self, key: str) -> float:
        """A number > 0."""
        value = self.optional_number(key)
        if value is None:
            raise self.error(key, "must be a number > 0")
        return value

    def optional_number(self, key: str) -> float | None:
        """A finite number > 0, or None."""
        value = self.content.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            raise self.error(key, "must be a number > 0")
        return float(value)

    def optional_flag(self, key: str) -> bool | None:
        """true, false or None."""
        value = self.content.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def _dotted(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
