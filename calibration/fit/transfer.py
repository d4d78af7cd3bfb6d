"""Constants moved to a device that was never measured, errors widened by what such moves cost where it is known."""

from __future__ import annotations

from calibration.fit.files import DeviceFit, entries
from simulator.hardware.fits import Fitted, load_fits
from simulator.hardware.profile import HardwareProfile

SAME_GENERATION = 1.1
"""H100's constants on H200's data sheet: multiply 5.9 % median against 6.1 % of an own fit, decode 6.5 against 5.8."""

ACROSS_GENERATIONS = 2.5
"""H100's constants elsewhere: B200 multiply 11 % against 7.0 and decode 27 against 7.5, A100 multiply 16 against 6.3,
L40S 15 against 7.9: a factor of 1.6 to 3.6."""


def transfer(source: HardwareProfile, target: HardwareProfile) -> DeviceFit:
    """The constants of ``source`` for ``target``; shares and latencies stay, the data sheet is the target's.

    Corrections do not travel: they describe kernels of the source at absolute sizes. Formats the target does not
    multiply are left out.
    """
    factor = SAME_GENERATION if source.architecture == target.architecture else ACROSS_GENERATIONS
    moved = {
        key: Fitted(fitted.constants, fitted.origin.weakened("transferred", source.name, factor))
        for key, fitted in entries(load_fits(source)).items()
        if key[0] not in ("gemm", "moe") or key[1] is None or _multiplies(target, key[1])
    }
    return DeviceFit(target.name, moved, {})


def _multiplies(device: HardwareProfile, dtype: str) -> bool:
    return dtype == "bf16" or device.supports("fp8" if dtype == "fp8_block" else dtype)
