"""A scenario file to start from: every section and key with its default and meaning, ready to run as it is."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from simulator.reference.page import unit_of
from simulator.reference.tree import Schema, SectionOf, references, sections

GIVEN = ("model", "hardware", "replicas")
"""Keys of the top level that are written out, not commented."""

COMMENT_COLUMN, WIDTH = 44, 120
"""Column at which meanings begin, and where lines end."""

WORKLOADS = """\
  # Or, in place of what stands above, one of these:
  #   trace: {path: my-trace.csv}           # columns arrival_s, prompt_tokens, output_tokens; or as in docs/traces.md
  #
  #   synthetic:                            # open loop
  #     num_requests: 1000
  #     arrival: {kind: poisson, rate_per_s: 4}
  #     prompt_tokens: 512
  #     output_tokens: {kind: lognormal, mean: 128, cv: 0.5}
  #
  #   synthetic:                            # closed loop: 32 clients that wait for their answers
  #     num_requests: 1000
  #     arrival: {kind: closed_loop, max_concurrency: 32}
  #     prompt_tokens: 512
  #     output_tokens: 128
  #
  #   sessions:                             # conversations
  #     num_sessions: 100
  #     arrival: {kind: poisson, rate_per_s: 0.2}
  #     turns: {kind: uniform, low: 1, high: 6}
  #     user_tokens: 200
  #     output_tokens: 300"""
"""Other workloads, as they would be written in place of the given one."""

HEAD = """\
# A scenario: one question to the simulator. Answer it with: inferplan run THIS-FILE
# `#key: value` is a default: take the # away to change it. `null` means that the program decides. Units stand in
# brackets. All keys: docs/reference.md. Names: inferplan list models | hardware | workloads | nodes | policies."""


def commented_scenario(schema: Schema, given: dict[str, Any], workload: dict[str, Any], schema_file: str | None) -> str:
    """The file's text.

    ``given``: values written out, by top-level key (``model`` and ``hardware`` at least) or, in a mapping, by key of a
    section. ``workload``: the workload section. ``schema_file``: JSON schema an editor finds beside it; None = none.
    """
    found = sections(schema)
    lines = [f"# yaml-language-server: $schema={schema_file}"] if schema_file else []
    lines += [HEAD, ""]
    for name, key, _ in found[""].keys:
        if name == "workload":
            lines += ["", *_workload(workload, key)]
        elif name in GIVEN:
            lines += [""] * (name == "replicas")
            lines.append(_line(f"{name}: {_value(given.get(name, key.get('default')))}", name, key))
        else:
            lines += ["", *_section(name, key, found, given.get(name, {}), "")]
    return "\n".join(lines) + "\n"


def _section(name: str, key: Schema, found: dict[str, SectionOf], given: dict[str, Any], indent: str) -> list[str]:
    section = found[references(key)[0]]
    lines = [_line(f"{indent}{name}:", name, key)]
    for inner, schema, _ in section.keys:
        deeper = references(schema)
        if deeper and isinstance(schema.get("default"), dict):
            lines += _section(inner, schema, found, given.get(inner, {}), indent + "  ")
            continue
        mark, value = ("", given[inner]) if inner in given else ("#", schema.get("default"))
        more = f"keys: {', '.join(one for one, _, _ in found[deeper[0]].keys)}" if deeper else _choices(schema)
        lines.append(_line(f"{indent}  {mark}{inner}: {_value(value)}", inner, schema, more))
    return lines


def _choices(schema: Schema) -> str:
    return f"one of {', '.join(schema['enum'])}" if "enum" in schema else ""


def _workload(workload: dict[str, Any], key: Schema) -> list[str]:
    lines = [_line("workload:", "workload", key)]
    for source, settings in workload.items():
        lines += [f"  {source}:", *(f"    {name}: {_value(value)}" for name, value in settings.items())]
    return [*lines, WORKLOADS]


def _line(text: str, name: str, key: Schema, more: str = "") -> str:
    """A line with the meaning of its key behind it, wrapped below itself."""
    meaning, unit = unit_of(name, key.get("description", ""))
    meaning = "; ".join(part for part in (meaning, more) if part)
    words = textwrap.wrap(f"[{unit}] {meaning}" if unit else meaning, WIDTH - COMMENT_COLUMN - 2)
    starts = [f"{text:<{COMMENT_COLUMN}}# ", *[" " * COMMENT_COLUMN + "# "] * (len(words) - 1)]
    return "\n".join(start + line for start, line in zip(starts, words, strict=True))


def _value(value: Any) -> str:
    """As YAML on one line: JSON, without quotation marks around what needs none."""
    import yaml

    if isinstance(value, str) and yaml.safe_load(value) == value and ": " not in value and " #" not in value:
        return value
    return json.dumps(value, ensure_ascii=False)
