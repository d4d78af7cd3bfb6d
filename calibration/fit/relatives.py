"""Other devices whose kernel class was fitted to a full table: what a fit to few rows knows before it starts.

A user with a new machine and eight minutes has few rows, and the files shipped in ``calibration/fits``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from calibration.fit.kernel_class import Floats, KernelClass
from simulator.datafiles import data_dir
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.residuals import Residual

FEWEST_ROWS = {"custom_all_reduce": 30, "nccl_all_reduce": 30}
FULL_TABLE = 500
"""Rows from which a fit counts as one to a full table; all-reduces have one of a few dozen messages."""


@dataclass(frozen=True)
class Relative:
    """A device with a full table. ``generation``: of its architecture (``generation_of``)."""

    device: str
    generation: str
    constants: Any
    residual: Residual | None


def shipped_relatives(spec: KernelClass, device: HardwareProfile, *, strangers: bool = False) -> list[Relative]:
    """Devices of the kind with shipped fits of the class to a full table, by name; never the device itself.

    ``strangers``: only those of other generations (H200's rows leave out H100 too), to see what a device learns that
    has no near relative.
    """
    found = []
    for path in sorted(data_dir("calibration/fits").glob("*.yaml")):
        other = load_hardware(path.stem)
        if other.name == device.name or other.kind != device.kind:
            continue
        if strangers and generation_of(other) == generation_of(device):
            continue
        fits = load_fits(other)
        part = getattr(fits, spec.key)
        fitted = part if spec.dtype is None or part is None else part.get(spec.dtype)
        if fitted is None or fitted.origin.provenance != "fitted":
            continue
        if fitted.origin.rows >= FEWEST_ROWS.get(spec.key, FULL_TABLE):
            residual = fits.residuals.get((spec.key, spec.dtype or ""))
            found.append(Relative(other.name, generation_of(other), fitted.constants, residual))
    return found


def generation_of(device: HardwareProfile) -> str:
    """First word of the architecture: ``blackwell`` of ``blackwell-rtx``."""
    return device.architecture.split("-")[0]


def weights(relatives: Sequence[Relative]) -> Floats:
    """One weight per relative, of sum 1: every generation weighs alike, its devices share."""
    generations = [one.generation for one in relatives]
    shares: Floats = np.array([1.0 / generations.count(name) for name in generations])
    return shares / shares.sum()
