"""A JSON schema as the sections a reader meets: each definition once, in the order of the file, with its path."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class SectionOf:
    """One mapping of the file.

    ``path``: dotted, where it is met first (empty for the file itself); ``kind``: the word that chooses it among
    others, None where there is no choice; ``group``: what those are called; ``schema``: its own, with ``properties``.
    ``page``: file that explains it, empty for the same one.
    """

    path: str
    kind: str | None
    group: str
    schema: Schema
    page: str = ""

    @property
    def heading(self) -> str:
        """What names it on a page."""
        return self.path or "Top level" if self.kind is None else f"kind: {self.kind}"

    @property
    def keys(self) -> Iterator[tuple[str, Schema, bool]]:
        """Name, schema and whether it must be given, of each key but ``kind``."""
        required = self.schema.get("required", [])
        for name, schema in self.schema.get("properties", {}).items():
            if name != "kind":
                yield name, schema, name in required


def sections(schema: Schema, known: Collection[str] = ()) -> dict[str, SectionOf]:
    """By the name of its definition (empty for the file itself), parents first; without those already ``known``."""
    found = {"": SectionOf("", None, "", schema)}
    _collect(schema, "", schema, found, known)
    return found


def references(schema: Schema) -> list[str]:
    """Names of the definitions a key's value may be, in order."""
    if "$ref" in schema:
        return [schema["$ref"].rsplit("/", 1)[-1]]
    inner = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    return [name for one in inner for name in references(one)]


def _group(definition: str) -> str:
    """``arrivals`` of ``PoissonArrivals``: the last word of a definition's name, as a plural."""
    word = re.findall("[A-Z][a-z]*", definition)[-1].lower()
    return word if word.endswith("s") else f"{word}s"


def _collect(root: Schema, path: str, section: Schema, found: dict[str, SectionOf], known: Collection[str]) -> None:
    for key, schema in section.get("properties", {}).items():
        at = f"{path}.{key}" if path else key
        fresh = [name for name in references(schema) if name not in found and name not in known]
        for name in fresh:
            definition = root["$defs"][name]
            found[name] = SectionOf(at, definition["properties"].get("kind", {}).get("const"), _group(name), definition)
        for name in fresh:
            _collect(root, at, root["$defs"][name], found, known)
