"""Kernel constants from the user's own files instead of the bundled ones."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from simulator.datafiles import names_file, user_path
from simulator.errors import InputError
from simulator.hardware.exact_rows import read_exact_rows
from simulator.hardware.fits import KernelFits, load_fits, read_fits
from simulator.hardware.profile import HardwareProfile


def user_fits(hardware: HardwareProfile, fits: str | Path | None = None, exact: str | Path | None = None) -> KernelFits:
    """Constants of ``fits`` (default: the bundled ones of the device), with the measured rows of ``exact``.

    Raises ``InputError`` for a file that is not there, is not whole, or is of another device.
    """
    constants = load_fits(hardware) if fits is None else _own(hardware, _existing(fits, "calibration.fits"))
    if exact is None:
        return constants
    return replace(constants, exact=read_exact_rows(_existing(exact, "calibration.exact"), hardware))


def content_hash(path: str | Path) -> str:
    """SHA-256 of a file: what a result was computed from, whatever the file is called."""
    return hashlib.sha256(user_path(str(path)).read_bytes()).hexdigest()


def _own(hardware: HardwareProfile, path: Path) -> KernelFits:
    constants = read_fits(path)
    if constants.device != hardware.name:
        raise InputError(
            f"holds constants of {constants.device}, the hardware is {hardware.name}",
            file=path,
            path="device",
            value=constants.device,
            hint=f"set hardware: {constants.device}, or fit {hardware.name}'s own kernels (inferplan calibrate fit)",
        )
    return constants


def _existing(file: str | Path, key: str) -> Path:
    path = user_path(str(file))
    if not names_file(path):
        raise InputError("no such file", path=key, value=str(file))
    return path
