"""Devices by the names records use: with or without the vendor, however hyphens and memory are written."""

from __future__ import annotations

import re

from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.profile import HardwareProfile

_VENDORS = re.compile(r"^(nvidia|amd|google|cloud|intel|aws|habana)\s+")
_EXTRAS = re.compile(r"\b(geforce|instinct|tensor core|gpu|hbm\d\w*|\d+gb|server edition|workstation edition)\b")


def recorded_hardware(name: str) -> HardwareProfile:
    """The profile of a device. Raises ``InputError`` of ``load_hardware`` when no spelling of it is known."""
    for spelling in _spellings(name):
        try:
            return load_hardware(spelling)
        except InputError:
            continue
    return load_hardware(name)


def _spellings(name: str) -> list[str]:
    """The name as it stands, then with less and less beside the model's own; each with blanks and with hyphens."""
    whole = re.sub(r"[\s_]+", " ", name.strip().lower())
    own = _VENDORS.sub("", whole)
    short = " ".join(_EXTRAS.sub(" ", own).replace("()", " ").split())
    found = [whole, own, short]
    return list(dict.fromkeys(form for text in found for form in (text, text.replace(" ", "-")) if form))
