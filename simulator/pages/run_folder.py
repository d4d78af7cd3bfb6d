"""A run's folder read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError
from simulator.json_document import read_json
from simulator.yaml_document import read_document

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class RunFolder:
    """What ``inferplan run --out`` wrote. ``scenario``: the resolved scenario as plain data, ``text``: as it stands."""

    name: str
    summary: dict[str, Any]
    scenario: dict[str, Any]
    text: str
    requests: DataFrame
    timeseries: DataFrame

    @classmethod
    def read(cls, folder: Path) -> RunFolder:
        """Raises ``InputError`` for a missing or damaged file."""
        summary = read_json(folder / "summary.json")
        resolved = folder / "scenario.resolved.yaml"
        scenario = read_document(resolved).content
        tables = [_table(folder / f"{name}.csv.gz") for name in ("requests", "timeseries")]
        return cls(folder.resolve().name, summary, scenario, resolved.read_text(encoding="utf-8"), *tables)

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the numbers are from."""
        return dict(self.summary["provenance"])

    @property
    def title(self) -> str:
        """What was run, in one line."""
        made = self.provenance
        plain = f"{made['model']['name']} on {made['hardware']['name']}: {made['workload']}"
        return str(self.summary.get("title", plain))

    @property
    def counted(self) -> DataFrame:
        """The requests whose latencies are measured: finished, arrived inside the window."""
        window, requests = self.summary["window"], self.requests
        inside = requests["status"] == "finished"
        if not window["whole_run"]:
            inside &= requests["arrival_s"].between(window["start_s"], window["end_s"])
        return requests[inside]


def _table(path: Path) -> DataFrame:
    import pandas as pd

    if not path.is_file():
        raise InputError("does not exist", file=path, hint="the folder of a run holds it; run again with --out")
    try:
        return pd.read_csv(path)
    except (OSError, EOFError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise InputError(f"is not a table of a run: {error}", file=path) from None
