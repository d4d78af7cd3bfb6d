"""The formats that can be imported, by name. A new one is a module with ``sniff`` and ``read`` and a line here."""

from __future__ import annotations

from importlib import import_module, util
from pathlib import Path
from typing import cast

from calibration.importers.imported import Imported, Importer, Selection
from simulator.datafiles import user_path
from simulator.errors import InputError, did_you_mean

FORMATS = {
    "aiconfigurator": "calibration.importers.aiconfigurator",
    "vidur": "calibration.importers.vidur",
    "llmservingsim": "calibration.importers.llmservingsim",
    "apex": "calibration.importers.apex",
    "tidy": "calibration.importers.tidy",
    "plain": "calibration.importers.plain",
}
"""Format -> module, in the order in which a source is tried; ``plain`` takes what no other one does."""

AUTO = "auto"


def import_measurements(source: str, wanted: Selection, format_name: str = AUTO) -> tuple[str, Imported]:
    """Read a source (a path, or ``aiconfigurator-core`` for the installed package); the format found, and its rows.

    Raises ``InputError`` when the source or the format is unknown, or no row is left.
    """
    if format_name != AUTO and format_name not in FORMATS:
        raise InputError(
            f"is no format; allowed: {AUTO}, {', '.join(FORMATS)}", path="--format", value=format_name,
            hint=did_you_mean(format_name, [AUTO, *FORMATS]),
        )  # fmt: skip
    path = _locate(source)
    found = _sniffed(path) if format_name == AUTO else format_name
    imported = _module(found).read(path, wanted)
    if imported.rows.empty:
        why = "; ".join(str(dropped) for dropped in imported.dropped)
        raise InputError(f"holds no row that can be imported{': ' + why if why else ''}", file=path)
    return found, imported


def _sniffed(path: Path) -> str:
    return next((name for name in FORMATS if _exists(name) and _module(name).sniff(path)), "plain")


def _exists(name: str) -> bool:
    return util.find_spec(FORMATS[name]) is not None


def _module(name: str) -> Importer:
    return cast(Importer, import_module(FORMATS[name]))


def _locate(source: str) -> Path:
    """The path a user wrote, or the folder of an installed package of that name."""
    path = user_path(source)
    if path.exists():
        return path
    if source.replace("_", "-") in ("aiconfigurator-core", "aiconfigurator"):
        package = util.find_spec("aiconfigurator_core")
        if package is None or package.origin is None:
            raise InputError(
                "the package aiconfigurator-core is not installed", path="SOURCE",
                hint='install it with: pip install "inferplan[aiconfigurator]"',
            )  # fmt: skip
        return Path(package.origin).parent
    raise InputError("no such file or folder", path="SOURCE", value=source)
