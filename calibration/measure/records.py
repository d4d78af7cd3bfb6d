"""The measurement file: whole lines appended as waves end, so that a killed sweep loses nothing it had finished."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.measure.case import SHAPE_COLUMNS, Case
from calibration.schema import COLUMNS
from simulator.errors import InputError

Key = tuple[str, ...]


@dataclass(frozen=True)
class Timing:
    """A case with the seconds of its repeats."""

    case: Case
    seconds: tuple[float, ...]

    @property
    def median_us(self) -> float:
        """Median of the repeats in microseconds."""
        return float(np.median(self.seconds)) * 1e6

    @property
    def iqr_us(self) -> float:
        """Inter-quartile range of the repeats in microseconds."""
        low, high = np.quantile(self.seconds, (0.25, 0.75))
        return float(high - low) * 1e6


class MeasurementFile:
    """Rows of one device in one CSV file (``calibration.schema``); opening it finds what is already there.

    Raises ``InputError`` for a file that is no measurement file, or one of another device.
    """

    def __init__(self, path: Path, device: str, source: str) -> None:
        self.path, self.device, self.source = path, device, source
        self.done: set[Key] = set()
        if path.exists():
            _drop_torn_line(path)
            self.done = _keys(path, device)
        if not path.exists() or path.stat().st_size == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            _append(path, [list(COLUMNS)])

    def append(self, timings: Iterable[Timing]) -> None:
        """Write the rows, and have them on disk when this returns."""
        rows = []
        for timing in timings:
            self.done.add(timing.case.key)
            rows.append([self._row(timing).get(column, "") for column in COLUMNS])
        if rows:
            _append(self.path, rows)

    def _row(self, timing: Timing) -> dict[str, object]:
        case = timing.case
        return {
            **dict(case.shape),
            "source": self.source,
            "device": self.device,
            "dtype": case.dtype,
            "op": case.op,
            "kv_dtype": case.kv_dtype,
            "window": 0 if case.kv_dtype else "",
            "moe_tp": 1 if case.op == "moe" else "",
            "moe_ep": 1 if case.op == "moe" else "",
            "distribution": case.distribution,
            "kernel": case.kernel,
            "mode": case.mode,
            "time_us": f"{timing.median_us:.4g}" if timing.median_us < 1000 else f"{timing.median_us:.6g}",
            "iqr_us": f"{timing.iqr_us:.3g}",
            "repeats": len(timing.seconds),
        }


def _append(path: Path, rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    with path.open("ab") as file:
        file.write(text.getvalue().encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())


def _drop_torn_line(path: Path) -> None:
    """A line without an end was being written when the last sweep was killed."""
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        with path.open("rb+") as file:
            file.truncate(content.rfind(b"\n") + 1)


def _keys(path: Path, device: str) -> set[Key]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or [])
            if header and header != list(COLUMNS):
                raise InputError(
                    "is no measurement file of this program: its header is another one",
                    file=path,
                    line=1,
                    hint="give --out a new file; the columns stand in calibration/schema.py",
                )
            return {_key(row, path, device, number) for number, row in enumerate(reader, start=2)}
    except UnicodeDecodeError:
        raise InputError("is not a text file", file=path) from None


def _key(row: dict[str, str], path: Path, device: str, line: int) -> Key:
    if row["device"] != device:
        raise InputError(
            f"holds rows of another device; this one is {device}",
            file=path,
            line=line,
            path="device",
            value=row["device"],
            hint="give --out a file of its own for each device",
        )
    shape = tuple(row[column] or "" for column in SHAPE_COLUMNS[:-1])
    return (row["op"], row["dtype"], row["kernel"], row["mode"], *shape)
