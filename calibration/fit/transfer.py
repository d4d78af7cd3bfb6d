"""Constants moved to a device that was never measured, errors widened by what such moves cost where it is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calibration.fit.files import DeviceFit, entries
from simulator.hardware.fits import Fitted, load_fits
from simulator.hardware.origin import ErrorStatement
from simulator.hardware.profile import HardwareProfile

SAME_GENERATION = 1.1
"""H100's constants on H200's data sheet: multiply 5.9 % median against 6.1 % of an own fit, decode 6.5 against 5.8."""

CORRECTED = 1.7
"""Within an architecture corrections travel too: over 57 pairs of devices (Hopper, Blackwell) and kernel classes they
took the errors of moved constants from 7.1 / 20 % to 5.2 / 16 % on average and made one pair worse; that is 1.7 times
the held-out errors at home."""

ACROSS_GENERATIONS = 2.5
"""H100's constants elsewhere: B200 multiply 11 % against 7.0 and decode 27 against 7.5, A100 multiply 16 against 6.3,
L40S 15 against 7.9: a factor of 1.6 to 3.6."""


def transfer(source: HardwareProfile, target: HardwareProfile) -> DeviceFit:
    """The constants of ``source`` for ``target``; shares and latencies stay, the data sheet is the target's.

    Corrections travel within an architecture only: they describe kernels at absolute sizes. Formats the target does not
    multiply are left out.
    """
    related = source.architecture == target.architecture
    fits = load_fits(source)
    kept = {
        key: fitted
        for key, fitted in entries(fits).items()
        if key[0] not in ("gemm", "moe") or key[1] is None or _multiplies(target, key[1])
    }
    moved = {key: _moved(fitted, source.name, related=related) for key, fitted in kept.items()}
    lent = {key: fits.residuals.get((key[0], key[1] or "")) for key in kept if related}
    return DeviceFit(target.name, moved, {key: residual for key, residual in lent.items() if residual is not None})


def _moved(fitted: Fitted[Any], taken_from: str, *, related: bool) -> Fitted[Any]:
    factor = SAME_GENERATION if related else ACROSS_GENERATIONS
    origin = fitted.origin.weakened("transferred", taken_from, factor)
    if related and fitted.origin.residual is not None:
        origin = replace(origin, residual=_wider(fitted.origin.residual))
    return Fitted(fitted.constants, origin)


def _wider(stated: ErrorStatement) -> ErrorStatement:
    band = None if stated.band is None else (stated.band[0] ** CORRECTED, stated.band[1] ** CORRECTED)
    return replace(
        stated, median_error=CORRECTED * stated.median_error, p90_error=CORRECTED * stated.p90_error, band=band
    )


def _multiplies(device: HardwareProfile, dtype: str) -> bool:
    return dtype == "bf16" or device.supports("fp8" if dtype == "fp8_block" else dtype)
