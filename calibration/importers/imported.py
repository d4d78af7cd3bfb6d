"""What an importer is given and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from calibration.dropped import Dropped


@dataclass(frozen=True)
class Selection:
    """What the user asks for; None: whatever the source holds.

    ``device``: hardware profile name, only these rows. ``system``, ``backend``, ``version``: of a source that holds
    several (aiconfigurator). ``columns``: our column -> the source's name (plain CSV).
    """

    device: str | None = None
    system: str | None = None
    backend: str | None = None
    version: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """``rows``: columns of the measurement schema, microseconds, devices by profile name. ``dropped``: what was left
    out, by reason. ``notes``: what a user should know about the source."""

    rows: pd.DataFrame
    dropped: list[Dropped]
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """A module that reads one foreign format. ``sniff`` looks at names and the first line only."""

    def sniff(self, source: Path) -> bool:
        """Whether the source is of this format."""

    def read(self, source: Path, wanted: Selection) -> Imported:
        """All rows that have a place in the schema; ``InputError`` when the source is not what it should be."""
