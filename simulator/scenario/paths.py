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
        section, key = _holder(content, dotted)
        value = section.get(key)
        if isinstance(value, list):
            section[key] = [_if_path(item, endings, folder) for item in value]
        elif value is not None:
            section[key] = _if_path(value, endings, folder)
    model = content.get("model")
    if isinstance(model, str) and model and names_file(folder / model / "config.json"):
        content["model"] = str((folder / model).resolve())


def referenced_files(content: dict[str, Any]) -> dict[str, Path]:
    """Dotted key -> file or folder of every anchored path in a scenario's content; names of catalogs are no paths."""
    found = {}
    for dotted in dict.fromkeys(key for key, _ in _FILE_KEYS):
        section, key = _holder(content, dotted)
        value = section.get(key)
        if isinstance(value, str) and Path(value).is_absolute():
            found[dotted] = Path(value)
    return found


def _holder(content: dict[str, Any], dotted: str) -> tuple[dict[str, Any], str]:
    """The mapping a dotted key's value stands in (an empty one where there is none), and its name there."""
    *parents, key = dotted.split(".")
    section: Any = content
    for parent in parents:
        section = section.get(parent) if isinstance(section, dict) else None
    return (section if isinstance(section, dict) else {}), key


def _if_path(value: Any, endings: tuple[str, ...], folder: Path) -> Any:
    is_path = isinstance(value, str) and (value.endswith(endings) if endings else value)
    return _anchored(value, folder) if is_path else value


def _anchored(value: str, folder: Path) -> str:
    try:
        return str((folder / Path(value).expanduser()).resolve())
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user's home, a NUL byte: told when it is read
        return value
