"""Which bundled profile stands for the version a record names: what people write as a version, and profiles' eras.

A profile says from which version, and from which month, its terms are meant to hold (``from_version``,
``from_month``); it stands for everything from there to the next profile of the same engine. What changes between two
eras is a way of working (graphs, scheduling), so a version is never given to the nearer number of a later era.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulator.cost.engine_profile import engine_files
from simulator.yaml_section import read_yaml

EAGER = "-eager"

Version = tuple[int, int]
Month = tuple[int, int]

_NUMBER = re.compile(r"(?<![\d.])v?(\d+)\.(\d+)")
_MLPERF = re.compile(r"mlperf\D*(\d+\.\d+)", re.IGNORECASE)
_MLPERF_FROZEN: dict[str, Month] = {
    "3.1": (2023, 7),
    "4.0": (2024, 2),
    "4.1": (2024, 7),
    "5.0": (2025, 1),
    "5.1": (2025, 7),
    "6.0": (2026, 1),
}
"""MLPerf Inference round -> month its results were submitted (MLCommons' calendar)."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\.?\s+(20\d\d)\b", re.IGNORECASE)
_ISO_MONTH = re.compile(r"(20\d\d)-?(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Era:
    """A bundled profile, and from when on it holds. ``since_month``: None where nobody dated it."""

    path: Path
    engine: str
    eager: bool
    since: Version
    since_month: Month | None


def recorded_version(text: str | None) -> Version | Month | None:
    """``(major, minor)`` of a release, or ``(year, month)``: a round of MLPerf or a date names only when it was built.

    Years are above 2000, so the two cannot be mistaken for each other. None when the text names neither
    (``nightly``).
    """
    text = text or ""
    if (found := _MLPERF.search(text)) and found[1] in _MLPERF_FROZEN:
        return _MLPERF_FROZEN[found[1]]
    if found := _NUMBER.search(text):
        return int(found[1]), int(found[2])
    if found := _MONTH_NAME.search(text):
        return int(found[2]), 1 + _MONTHS.index(found[1].lower())
    if found := _ISO_MONTH.search(text):
        return int(found[1]), int(found[2])
    return None


def profile_path(engine: str, version: str | None, *, eager: bool = False) -> Path | None:
    """The bundled profile for that version of an engine, its newest when none is recorded; None when it has none.

    ``eager``: its variant without graphs.
    """
    variants = [era for era in _eras() if era.engine == engine and era.eager is eager]
    if not variants:
        return None
    wanted = recorded_version(version)
    started = variants if wanted is None else [era for era in variants if _started(era, wanted)]
    return max(started, key=_since).path if started else min(variants, key=_since).path


def _since(era: Era) -> Version:
    return era.since


def _started(era: Era, wanted: Version | Month) -> bool:
    if wanted[0] < 2000:
        return era.since <= wanted
    return era.since_month is not None and era.since_month <= wanted


@cache
def _eras() -> tuple[Era, ...]:
    return tuple(_era(path) for path in engine_files())


def _era(path: Path) -> Era:
    file = read_yaml(path)
    since = file.text("from_version", "0.0")
    number = _NUMBER.fullmatch(since)
    if number is None:
        raise file.error("from_version", "must be MAJOR.MINOR", value=since)
    month = _ISO_MONTH.fullmatch(file.text("from_month")) if file.has("from_month") else None
    return Era(
        path,
        file.text("engine"),
        path.stem.endswith(EAGER),
        (int(number[1]), int(number[2])),
        (int(month[1]), int(month[2])) if month else None,
    )
