"""Where the bundled data rooms are: beside the package in a checkout, inside it in an installed wheel.

And whether what a user wrote names something on disk at all.
"""

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


def names_file(path: Path) -> bool:
    """Whether a file of that name exists; False for texts no file can be called (too long, a NUL byte)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def names_folder(path: Path) -> bool:
    """Whether a folder of that name exists; False for texts no folder can be called."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def user_path(text: str) -> Path:
    """The path a user wrote, ``~`` resolved where that user has a home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
