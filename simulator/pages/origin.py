"""Where a result is from: versions, model, device, engine, workload, seeds, the scenario word for word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.report.page.document import Column, Table

RESOLVED = "Settings of the scenario, defaults filled in"

MOST_SETTINGS = 200
"""Rows of the table of settings."""


def origin_table(provenance: dict[str, Any], more: Mapping[str, str]) -> Table:
    """What the numbers rest on; ``more``: what else the kind of result knows, such as its seeds."""
    model, hardware, engine = (provenance[key] for key in ("model", "hardware", "engine"))
    dtypes = provenance["dtypes"]
    formats = f"weights {dtypes['weights']}, activations {dtypes['activations']}, KV {dtypes['kv_cache']}"
    rows = [
        ["inferplan", f"version {provenance['inferplan']}"],
        ["Model", f"{model['name']}, {model['parameters']:,} parameters"],
        ["Number formats", formats],
        ["Device", f"{hardware['name']}; sources: {'; '.join(hardware['sources'])}"],
        ["Engine", f"{engine['name']}: {engine['source']}"],
        ["KV cache blocks per replica", f"{provenance['kv_blocks_per_replica']:,}"],
        ["Workload", provenance["workload"]],
        *([f"Own calibration ({key})", f"{one['file']}, SHA-256 {one['sha256']}"]
          for key, one in provenance.get("calibration", {}).items()),
        *([name, text] for name, text in more.items()),
    ]  # fmt: skip
    return Table("Sources and versions", [Column("What"), Column("Which", wraps=True)], rows)


def settings_table(scenario: Mapping[str, Any], caption: str = RESOLVED) -> Table:
    """Every setting that has a value, by its dotted key."""
    rows = [[key, text] for key, text in _flat(scenario)]
    note = f"{MOST_SETTINGS} of {len(rows)} settings; the file has all." if len(rows) > MOST_SETTINGS else ""
    heads = [Column("Setting"), Column("Value", wraps=True)]
    return Table(caption, heads, rows[:MOST_SETTINGS], note)


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", _value(value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    return str(value)
