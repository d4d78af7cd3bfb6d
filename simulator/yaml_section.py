"""Checked access to the mappings of a YAML data file: profiles, fits, catalog entries.

``read_yaml`` returns a ``Section``: it hands out checked values, names file, line and dotted path of an unfit one, and
at the end refuses the keys nobody asked for. No schema library is loaded for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from simulator.errors import InputError, did_you_mean
from simulator.yaml_document import Document, Place, read_document

LARGEST_NUMBER = 1e300
"""Numbers above it (infinity, integers no float can hold) are mistakes; NaN fails the comparison."""


class Section:
    """One mapping of a YAML file, with its place.

    Every getter raises ``InputError`` for an absent or unfit value; ``finish`` raises one for a key never asked for.
    """

    def __init__(self, document: Document, content: dict[str, Any] | None = None, place: Place = ()) -> None:
        self.content = document.content if content is None else content
        self._document = document
        self._place = place
        self._asked: set[str] = set()

    def error(self, key: str, problem: str, *, value: object = None, hint: str | None = None) -> InputError:
        """An ``InputError`` at ``key`` (the caller raises it)."""
        return self._document.error((*self._place, key), problem, value=value, hint=hint)

    def _get(self, key: str) -> Any:
        self._asked.add(key)
        return self.content.get(key)

    def _required(self, key: str) -> Any:
        value = self._get(key)
        if value is None:
            raise self.error(key, "is missing", hint=did_you_mean(key, self.content.keys() - self._asked))
        return value

    def has(self, key: str) -> bool:
        """Whether ``key`` holds something other than null."""
        return self._get(key) is not None

    def text(self, key: str, default: str | None = None, *, allowed: Iterable[str] | None = None) -> str:
        """A string; of ``allowed`` ones when given."""
        value = self._get(key) if default is not None else self._required(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            value = str(value)
        choices = list(allowed) if allowed is not None else None
        if choices is not None and value not in choices:
            problem = f"must be one of {', '.join(choices)}"
            raise self.error(key, problem, value=value, hint=did_you_mean(value, choices))
        return value

    def number(
        self, key: str, default: float | None = None, *, above: float = 0.0, at_least: float | None = None
    ) -> float:
        """A finite number > ``above`` (>= ``at_least`` when that is given)."""
        value = self._get(key) if default is not None else self._required(key)
        if value is None and default is not None:
            return default
        return self._checked_number(key, value, above, at_least)

    def optional_number(self, key: str, *, above: float = 0.0, at_least: float | None = None) -> float | None:
        """Like ``number``; null or absent gives None."""
        value = self._get(key)
        return None if value is None else self._checked_number(key, value, above, at_least)

    def _checked_number(self, key: str, value: object, above: float, at_least: float | None) -> float:
        rule = f"must be a number > {above:g}" if at_least is None else f"must be a number >= {at_least:g}"
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
            raise self.error(key, rule, value=value)
        if (at_least is None and value <= above) or (at_least is not None and value < at_least):
            raise self.error(key, rule, value=value)
        return float(value)

    def whole(self, key: str, default: int | None = None, *, at_least: int = 1) -> int:
        """A whole number >= ``at_least``."""
        value = self._get(key) if default is not None else self._required(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
            raise self.error(key, f"must be a whole number >= {at_least}", value=value)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean."""
        value = self._get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false", value=value)
        return value

    def texts(self, key: str) -> list[str]:
        """A list of strings; absent gives an empty one."""
        value = self._get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of strings", value=value)
        return list(value)

    def wholes(self, key: str) -> list[int]:
        """A non-empty list of whole numbers >= 1."""
        value = self._required(key)
        if not isinstance(value, list) or not value or not all(type(item) is int and item >= 1 for item in value):
            raise self.error(key, "must be a list of whole numbers >= 1", value=value)
        return list(value)

    def section(self, key: str) -> Section:
        """A nested mapping."""
        value = self._required(key)
        if not isinstance(value, dict):
            raise self.error(key, "must be a mapping", value=value)
        return Section(self._document, value, (*self._place, key))

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Every entry as a nested mapping, in the file's order."""
        for key in self.content:
            yield key, self.section(key)

    def finish(self) -> None:
        """Refuse keys that were never asked for."""
        for key in self.content:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.error(key, f"is not a known key here; known: {known}", hint=did_you_mean(key, self._asked))


def read_yaml(path: Path) -> Section:
    """Read a YAML file that holds one mapping (the safe subset of ``yaml_document``)."""
    return Section(read_document(path))
