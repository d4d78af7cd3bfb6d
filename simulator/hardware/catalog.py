"""Find a hardware profile by name, alias or path."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from simulator.datafiles import data_dir, user_path
from simulator.errors import InputError, did_you_mean
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.reader import read_profile
from simulator.yaml_section import read_yaml

__all__ = ["list_hardware", "load_hardware", "profile_files", "read_profile"]


def load_hardware(name_or_path: str | Path) -> HardwareProfile:
    """The accelerator of that name, alias (``h100``) or profile path.

    Raises ``InputError`` with near names when nothing is known under it.
    """
    name = str(name_or_path)
    known = _names()
    if name.lower() in known:
        return read_profile(known[name.lower()])
    path = user_path(name)
    if path.suffix in (".yaml", ".yml"):
        return read_profile(path)
    raise InputError(
        "no such hardware; give a profile name, an alias or the path of a profile",
        path="hardware",
        value=name,
        hint=did_you_mean(name, known, of=known) or f"known: {', '.join(list_hardware())}",
    )


def list_hardware() -> list[str]:
    """Names of the bundled profiles, sorted."""
    return sorted(path.stem for path in profile_files())


def profile_files() -> list[Path]:
    """Paths of the bundled profiles."""
    return sorted(data_dir("hardware_profiles").glob("*.yaml"))


@cache
def _names() -> dict[str, Path]:
    """Every lower-case name and alias -> profile file."""
    known: dict[str, Path] = {}
    for path in profile_files():
        file = read_yaml(path)
        for name in (path.stem, *file.texts("aliases")):
            if known.setdefault(name.lower(), path) != path:
                raise file.error("aliases", f"is already the name of {known[name.lower()].stem}", value=name)
    return known
