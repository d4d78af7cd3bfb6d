"""Where the bundled data rooms are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_dir(room: str) -> Path:
    """Folder of a data room: ``hardware_profiles``, ``workloads`` or ``calibration/fits``.

    Raises ``FileNotFoundError`` when the installation lacks it.
    """
    for candidate in (_PACKAGE / "_data" / room, _PACKAGE.parent / room):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation of inferplan has no data folder {room!r}")
