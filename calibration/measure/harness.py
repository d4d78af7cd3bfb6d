"""One measurement session: plan, sweep, side files."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibration.measure.backends.cpu import CpuBackend
from calibration.measure.backends.protocol import Backend
from calibration.measure.collectives import measure_collectives
from calibration.measure.plan import plan_cases
from calibration.measure.records import MeasurementFile
from calibration.measure.sweep import ROUNDS, Progress, SweepReport, sweep
from simulator import __version__
from simulator.atomic import write_text

_PROFILE_SHARE = 0.05
"""Part of the budget kept for the profile of a CPU."""


@dataclass(frozen=True)
class Session:
    """What a session left behind. ``profile``: hardware profile of this machine (``--device cpu`` only)."""

    report: SweepReport
    csv: Path
    meta: Path
    profile: Path | None


def measure(
    backend: Backend,
    out: Path,
    classes: Sequence[str],
    *,
    points: int,
    budget_s: float,
    rounds: int = ROUNDS,
    on_progress: Progress | None = None,
) -> Session:
    """Time the classes on a backend into ``out``; rows already there are kept and not timed again.

    ``points``: shapes of a class at full share, per number format and kernel library. ``budget_s``: wall seconds.
    Raises ``InputError`` when ``out`` is another device's file or none of this program's.
    """
    file = MeasurementFile(out, backend.device_name(), f"inferplan {__version__} calibrate measure")
    cases = plan_cases(backend, classes, points)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    cpu = isinstance(backend, CpuBackend)
    sweep_s = budget_s * (1 - _PROFILE_SHARE) if cpu else budget_s
    report = sweep(backend, cases, file, sweep_s, rounds=rounds, on_progress=on_progress)
    measure_collectives(backend, file, report, max(0.0, budget_s - report.spent_s))
    meta = out.with_suffix(".meta.yaml")
    _note_session(meta, backend, report, started, budget_s, points)
    profile = None
    if isinstance(backend, CpuBackend):
        from calibration.measure.self_profile import write_profile

        profile = out.with_suffix(".yaml")
        write_profile(profile, read_rows(out), backend)
    return Session(report, out, meta, profile)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a measurement file as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _note_session(
    path: Path, backend: Backend, report: SweepReport, started: str, budget_s: float, points: int
) -> None:
    """Add the session to the list beside the rows."""
    import yaml

    sessions: list[Any] = []
    if path.is_file():
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found.get("sessions"), list):
            sessions = found["sessions"]
    sessions.append(
        {
            "started": started,
            "backend": backend.name,
            "device": backend.device_name(),
            **backend.facts(),
            "budget_s": budget_s,
            "points": points,
            "spent_s": round(report.spent_s, 1),
            "rows_written": report.written,
            "left_out": dict(sorted(report.left_out.items())),
            "cut_by_budget": dict(sorted(report.cut.items())),
        }
    )
    write_text(path, yaml.safe_dump({"sessions": sessions}, sort_keys=False, width=120))
