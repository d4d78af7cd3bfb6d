"""The folder of a sweep: what is written before, while and after its points are run (see the package's docstring)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import simulator
from simulator.errors import InputError
from simulator.json_document import read_json
from simulator.report.files import write_folder
from simulator.sweeping.journal import NAME as POINTS
from simulator.sweeping.journal import Row
from simulator.sweeping.metrics import Metric, columns_of
from simulator.sweeping.study import Study

STUDY, SWEEP, SUMMARY = "study.resolved.yaml", "sweep.json", "summary.csv"

_KINDS: dict[str, type] = {
    "title": str,
    "axes": list,
    "counts.planned": int,
    "seeds": int,
    "best.name": str,
    "best.better": str,
    "notes": list,
    "provenance.scenario": dict,
    "inferplan": str,
}
"""What a reader of sweep.json relies on."""


def is_sweep(folder: Path) -> bool:
    """Whether a sweep was begun there."""
    return (folder / STUDY).is_file() or (folder / POINTS).is_file()


def check_folder(folder: Path, *, resume: bool) -> None:
    """Raise ``InputError`` for a folder a sweep cannot be written into."""
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file, not a folder to write results into", file=folder)
    if is_sweep(folder) and not resume:
        hint = f"go on with it: --resume {folder}; or choose another folder with --out"
        raise InputError("holds a sweep already", file=folder, hint=hint)


def check_same_study(folder: Path, rows: Sequence[Row], planned: Set[str]) -> None:
    """Raise ``InputError`` where a folder holds points that are not among those planned."""
    strange = sum(row.id not in planned for row in rows)
    if strange:
        rule = f"holds {strange} points that this study does not have: another study, other files or another version"
        raise InputError(rule, file=folder, hint="resume with the study it was begun with, or choose another folder")


def write_start(folder: Path, study: Study, content: dict[str, Any]) -> None:
    """The study and what is known of the sweep before its first point."""
    write_folder(folder, {STUDY: study.to_yaml().encode(), SWEEP: _json(content)})


def write_end(folder: Path, content: dict[str, Any], rows: Sequence[Row], keys: Sequence[str]) -> None:
    """The table of all points, in the order of the plan."""
    table = summary_csv(rows, keys, columns_of(row.metrics for row in rows))
    write_folder(folder, {SWEEP: _json(content), SUMMARY: table.encode()})


def read_sweep_json(folder: Path) -> dict[str, Any]:
    """What sweep.json holds. Raises ``InputError`` where no sweep is, or one whose file somebody changed."""
    path = folder / SWEEP
    if not path.exists():
        hint = "inferplan sweep STUDY.yaml --out DIR makes one"
        raise InputError("holds no sweep", file=folder, hint=hint)
    content = read_json(path)
    for place, kind in _KINDS.items():
        found: Any = content
        for key in place.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, kind):
            hint = "--resume writes it anew"
            raise InputError("is not whole: missing, or of another kind", file=path, path=place, hint=hint)
    if not all(isinstance(axis, dict) and isinstance(axis.get("keys"), list) for axis in content["axes"]):
        raise InputError("must be a list of axes, each with its keys", file=path, path="axes")
    return content


def sweep_content(
    study: Study, best: Metric, planned: int, rows: Sequence[Row], notes: Sequence[str]
) -> dict[str, Any]:
    """sweep.json as plain data; the same for the same rows."""
    failed = sum(row.status == "error" for row in rows)
    return {
        "title": study.title,
        "axes": [
            {"key": axis.key, "kind": axis.kind, "keys": list(axis.keys), "values": axis.values} for axis in study.axes
        ],
        "metrics": [one.content() for one in columns_of(row.metrics for row in rows)],
        "counts": {"planned": planned, "ok": len(rows) - failed, "error": failed},
        "seeds": study.seeds,
        "best": {"name": best.name, "better": best.better},
        "notes": list(notes),
        "provenance": {"scenario": study.scenario.content},
        "inferplan": simulator.__version__,
    }


def summary_csv(rows: Sequence[Row], keys: Sequence[str], metrics: Sequence[Metric]) -> str:
    """One line per point, in the order of the plan; mappings and lists as JSON, nothing for no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [metric.name for metric in metrics]
    writer.writerow(["index", "id", "status", *keys, *names, "error"])
    for row in sorted(rows, key=lambda row: row.index):
        values = [_cell(row.set.get(key)) for key in keys]
        figures = [_cell(row.metrics.get(name)) for name in names]
        writer.writerow([row.index, row.id, row.status, *values, *figures, row.error or ""])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """As it stands in a cell: numbers in full."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()
