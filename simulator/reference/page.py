"""The reference page: every key of a file with type, default, unit and meaning, as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from simulator.reference.tree import Schema, SectionOf, references, sections

UNITS = ("s", "ms", "W", "tokens", "requests/s", "kgCO2e", "kgCO2e/kWh", "$/h", "GB/s", "bytes")
"""What a meaning may end with in parentheses."""

NAMED_UNITS = {"_per_s": "requests/s", "_s": "s", "_ms": "ms", "_w": "W", "tokens": "tokens", "_requests": "requests"}
"""Unit by the end of a key's name, the first that fits."""

_UNIT = re.compile(r"\s*\(([^()]+)\)\.?$")


def reference_page(name: str, schema: Schema, elsewhere: Mapping[str, SectionOf] | None = None) -> str:
    """Markdown of the file ``name`` with this JSON schema; ends with a line break.

    ``elsewhere``: definitions another page explains, by name; they are linked.
    """
    elsewhere = elsewhere or {}
    own = sections(schema, elsewhere)
    found = {**elsewhere, **own}
    parts = [_page_head(name)]
    parts += [_section(one, found) for one in own.values() if one.kind is None]
    for group in dict.fromkeys(one.group for one in own.values() if one.kind is not None):
        parts.append(f"## {_sentence(group)}\n\nChosen by the key `kind`.")
        parts += [_section(one, found) for one in own.values() if one.kind is not None and one.group == group]
    return "\n\n".join(parts) + "\n"


def unit_of(name: str, meaning: str) -> tuple[str, str]:
    """``("half a day", "s")`` of ``half a day (s).``, or the unit the key's own name ends with; else an empty one."""
    match = _UNIT.search(meaning)
    if match is not None and match[1] in UNITS:
        return meaning[: match.start()], match[1]
    named = (unit for ending, unit in NAMED_UNITS.items() if name.endswith(ending))
    return meaning.removesuffix("."), next(named, "")


def _page_head(name: str) -> str:
    return "\n".join(
        [
            f"# Every key of a {name} file",
            "",
            f"Written by `inferplan schema {name} --format markdown`; `make docs` renews it. Paths in a file are",
            "relative to it. A default of `null` means that the program decides, as the meaning says; a section",
            "that is left out has all its defaults. Editors complete and check the keys with the",
            f"[JSON schema](schema/{name}.schema.json).",
        ]
    )


def _section(section: SectionOf, found: dict[str, SectionOf]) -> str:
    level = "##" if "." not in section.path and section.kind is None else "###"
    lines = [f"{level} {_code(section.heading) if section.path else section.heading}", ""]
    lines.append(_sentence(section.schema.get("description", "")))
    rows = [_row(name, schema, needed, found) for name, schema, needed in section.keys]
    if rows:
        lines += ["", "| key | type | default | unit | meaning |", "|---|---|---|---|---|", *rows]
    return "\n".join(lines)


def _row(name: str, schema: Schema, needed: bool, found: dict[str, SectionOf]) -> str:
    meaning, unit = unit_of(name, schema.get("description", ""))
    default = "required" if needed else _default(schema)
    cells = [_code(name), _type(schema, found), default, unit, _sentence(meaning).removesuffix(".")]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(schema: Schema) -> str:
    if references(schema) and isinstance(schema.get("default"), dict) and schema["default"]:
        kind = schema["default"].get("kind")
        return _code(kind) if kind else "its defaults"
    return _code(json.dumps(schema.get("default")))


def _type(schema: Schema, found: dict[str, SectionOf]) -> str:
    chosen = [found[name] for name in references(schema) if found[name].kind is not None]
    if chosen:
        return _choice(chosen, schema, found)
    if "$ref" in schema:
        section = found[references(schema)[0]]
        return f"[section]({section.page}#{_anchor(section.heading)})"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            texts = [_type(one, found) for one in schema[several] if one.get("type") != "null"]
            return ", ".join(dict.fromkeys(texts))
    if "enum" in schema or "const" in schema:
        return ", ".join(_code(value) for value in schema.get("enum", [schema.get("const")]))
    if isinstance(schema.get("additionalProperties"), dict):
        return f"name: {_type(schema['additionalProperties'], found)}"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}), found)}"
    return _plain_type(schema)


def _choice(chosen: list[SectionOf], schema: Schema, found: dict[str, SectionOf]) -> str:
    """One of several kinds: a link to all of them, and those that are not allowed here."""
    group = chosen[0].group
    others = [one.kind for one in found.values() if one.kind and one.group == group and one not in chosen]
    words = f"[{group}]({chosen[0].page}#{_anchor(group)})" + (
        f" except {', '.join(map(_code, others))}" if others else ""
    )
    short = [_type(one, found) for one in schema.get("anyOf", []) if not references(one) and one.get("type") != "null"]
    return " or bare ".join([words, *short])


def _plain_type(schema: Schema) -> str:
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {schema[key]:,.10g}" for key, sign in bounds.items() if key in schema]
    return " ".join([words.get(schema.get("type", ""), "anything"), " and ".join(limits)]).rstrip()


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _code(value: Any) -> str:
    return f"`{value}`"
