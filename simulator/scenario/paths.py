"""Paths in a scenario file are relative to that file, wherever the program is called from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.datafiles import names_file

_FILE_KEYS = (
    ("model", (".json",)),
    ("model", (".yaml", ".yml")),
    ("hardware", (".yaml", ".yml")),
    ("calibration.fits", ()),
    ("calibration.exact", ()),
    ("workload.trace.path", ()),
    ("workload.servegen.path", ()),
    ("workload.profile.name", (".yaml", ".yml")),
)
"""Keys that may hold a path, with the endings that make it one (none = always)."""


def anchor_paths(content: dict[str, Any], folder: Path) -> None:
    """Replace relative paths by absolute ones, in place. A model may also be a folder that holds a ``config.json``."""
    for dotted, endings in _FILE_KEYS:
        *parents, key = dotted.split(".")
        section: Any = content
        for parent in parents:
            section = section.get(parent) if isinstance(section, dict) else None
        value = section.get(key) if isinstance(section, dict) else None
        if isinstance(value, str) and (value.endswith(endings) if endings else value):
            section[key] = _anchored(value, folder)
    model = content.get("model")
    if isinstance(model, str) and model and names_file(folder / model / "config.json"):
        content["model"] = str((folder / model).resolve())


def _anchored(value: str, folder: Path) -> str:
    try:
        return str((folder / Path(value).expanduser()).resolve())
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user's home, a NUL byte: told when it is read
        return value
