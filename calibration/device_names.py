"""Which hardware profile a table means by ``h100_sxm``, ``NVIDIA H200`` or ``RTX4090``."""

from __future__ import annotations

import re
from functools import cache

from simulator.hardware.catalog import list_hardware, load_hardware

_OTHER_TOOLS = {
    "a6000": "RTX-A6000",
    "a100": "A100-SXM4-80GB",
    "a100sxm": "A100-SXM4-80GB",
    "a100sxm80gb": "A100-SXM4-80GB",
    "h100": "H100-SXM5-80GB",
    "h100sxm": "H100-SXM5-80GB",
    "h100sxm80gb": "H100-SXM5-80GB",
    "h10080gbhbm3": "H100-SXM5-80GB",
    "h100pcie": "H100-PCIe-80GB",
    "h200sxm": "H200-SXM-141GB",
    "b200": "B200-SXM-180GB",
    "b200sxm": "B200-SXM-180GB",
    "b200sxm192gb": "B200-SXM-180GB",
    "b300": "B300-SXM-288GB",
    "b300sxm": "B300-SXM-288GB",
    "gb200": "GB200-NVL72",
    "gb300": "GB300-NVL72",
    "rtxpro6000server": "RTX-PRO-6000",
    "rtxpro6000blackwellserveredition": "RTX-PRO-6000",
    "tpuv6e1": "TPU-v6e",
}
"""Names of measurement tools, letters and digits only -> profile. A bare A100 or H100 is the SXM board: that is what
the tables that say so were measured on."""

_VENDORS = ("nvidia", "geforce", "google", "amd")


def profile_name(text: str) -> str | None:
    """Profile name of a device as any tool writes it; None when no profile is meant."""
    word = _key(text)
    return _OTHER_TOOLS.get(word) or _known().get(word)


def _key(text: str) -> str:
    word = re.sub(r"[^a-z0-9]", "", text.lower())
    for vendor in _VENDORS:
        word = word.removeprefix(vendor)
    return word


@cache
def _known() -> dict[str, str]:
    """Bundled names and aliases, letters and digits only -> profile name."""
    found: dict[str, str] = {}
    for name in list_hardware():
        for alias in (name, *load_hardware(name).aliases):
            found.setdefault(_key(alias), name)
    return found
