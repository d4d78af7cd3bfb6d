"""Whose kernel constants serve for a device that has no timings of its own, and how much less they are to be trusted.

Files are named without suffix below ``calibration/fits``. A device's own file is one name (``L40S``); those below
``families/`` hold nominal constants of a whole family, whose stated errors already are those of a family member.
The error factors come from constants tried on devices whose timings are known: within a generation about 1.1 (H100's
on H200), one market segment away 1.1 to 2 (A100's on A40 and RTX A6000, H100's on RTX PRO 6000), a generation away 1.5
to 3.6 (H100's on A100 and B200); see docs/hardware.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simulator.hardware.profile import HardwareProfile

FAMILIES = "families/"
"""Folder of family constants."""

_BUS_COLLECTIVES = "L40S"
"""Collectives over the host bus: the slower of the two PCIe boxes with timings (RTX PRO 6000 is the other)."""


@dataclass(frozen=True)
class StandIn:
    """``constants``: file that serves. ``error_factor``: on the errors of a single device's file. ``instead``: kernel
    classes (fields of ``KernelFits``) taken from another file. ``without``: optional ones that do not apply."""

    constants: str
    error_factor: float
    instead: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    def factor_of(self, file: str) -> float:
        """Factor on the errors a file states."""
        return 1.0 if file.startswith(FAMILIES) else self.error_factor


_SAME, _NEAR, _FAR = 1.3, 1.6, 2.5
_GEFORCE_GEMM = {"gemm": "families/geforce"}

_BY_ARCHITECTURE = {
    # FlashAttention-2 needs Ampere; eight V100 are no full mesh, and the engines' own all-reduce needs one.
    "volta": StandIn("A100-SXM4-80GB", _FAR, without=("mixed_attention", "custom_all_reduce")),
    "ampere": StandIn("A100-SXM4-80GB", _SAME),
    "ampere-ga10x": StandIn("A100-SXM4-80GB", _NEAR),
    "ampere-geforce": StandIn("A100-SXM4-80GB", _NEAR, _GEFORCE_GEMM, without=("sustained_math",)),
    "ampere-embedded": StandIn("A100-SXM4-80GB", _FAR),
    "ada": StandIn("L40S", _NEAR),
    "ada-geforce": StandIn("L40S", _NEAR, _GEFORCE_GEMM),
    "hopper": StandIn("H100-SXM5-80GB", _SAME),
    "blackwell": StandIn("B200-SXM-180GB", _SAME),
    "blackwell-rtx": StandIn("RTX-PRO-6000", _SAME),
    "cdna3": StandIn("families/cdna", _FAR),
    "cdna4": StandIn("families/cdna", _FAR),
}

_BY_KIND = {
    "gpu": StandIn("H100-SXM5-80GB", _FAR),
    "tpu": StandIn("families/tpu", _FAR),
    "trainium": StandIn("families/trainium", _FAR),
    "gaudi": StandIn("families/gaudi", _FAR),
    "cpu": StandIn("families/cpu", _FAR),
}


def stand_in_for(hardware: HardwareProfile) -> StandIn:
    """By architecture; an unknown one by kind. GPUs without a switch take their collectives from a PCIe box."""
    found = _BY_ARCHITECTURE.get(hardware.architecture, _BY_KIND[hardware.kind])
    if hardware.kind != "gpu" or hardware.link.topology not in ("pairs", "none"):
        return found
    collectives = {"nccl_all_reduce": _BUS_COLLECTIVES}
    if hardware.link.topology == "none":
        collectives["custom_all_reduce"] = _BUS_COLLECTIVES
    return replace(found, instead={**found.instead, **collectives})
