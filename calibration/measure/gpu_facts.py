"""What the driver says of a GPU, and which bundled data sheet is its own."""

from __future__ import annotations

import re
import subprocess
from typing import Any

from simulator.hardware.catalog import list_hardware, load_hardware

_QUERY = (
    "driver_version",
    "clocks.current.sm",
    "clocks.max.sm",
    "clocks.current.memory",
    "power.limit",
    "ecc.mode.current",
)
_NO_MODEL = {"nvidia", "amd", "intel", "gpu", "instinct", "graphics", "geforce", "generation", "sxm", "edition"}


def gpu_facts() -> dict[str, Any]:
    """Driver, clocks and power limit as ``nvidia-smi`` tells them; empty where there is none."""
    command = ["nvidia-smi", "--id=0", f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    values = [value.strip() for value in said.splitlines()[0].split(",")] if said.strip() else []
    return {"clocks": dict(zip(_QUERY, values, strict=False))}


def matching_profile(name: str, memory_bytes: float) -> str:
    """The bundled profile whose name holds the GPU's model word and whose memory is nearest (``NVIDIA H200`` ->
    ``H200-SXM-141GB``); the driver's own name, hyphenated, when none does."""
    words = [word for word in re.findall(r"[a-z0-9]+", name.lower()) if word not in _NO_MODEL]
    found = [
        profile
        for profile in list_hardware()
        if any(word in re.findall(r"[a-z0-9]+", profile.lower()) for word in words if re.search(r"\d", word))
    ]
    if not found:
        return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")

    def distance(profile: str) -> tuple[bool, int, float]:
        # Drivers name the PCIe board as such, the SXM one by its memory alone.
        other_board = ("pcie" in profile.lower()) != ("pcie" in words)
        shared = sum(word in profile.lower() for word in words)
        return other_board, -shared, abs(load_hardware(profile).usable_memory_bytes - memory_bytes)

    return min(found, key=distance)
