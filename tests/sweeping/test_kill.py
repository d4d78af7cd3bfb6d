"""Sweeps killed with -9 at random moments, then resumed: the table of an undisturbed run, and no point twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.sweeping import sweep
from simulator.sweeping.journal import read_rows
from tests.sweeping.studies import write_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's"),
]

POINTS = 36
SWEEPS = 20
COMMAND = [sys.executable, "-c", "from simulator.cli.main import main; main()"]


@contextmanager
def sweeping(study: Path, out: Path, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    """``inferplan sweep`` as a process of its own; the same command begins a sweep and goes on with one."""
    command = [*COMMAND, "sweep", str(study), "--resume", str(out), "--workers", str(workers), "--quiet"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        yield process


def kill_after(process: subprocess.Popen[bytes], out: Path, rows: int, pause_s: float) -> None:
    """Kill it once it has written so many rows, a little later; at once if there are to be none."""
    points = out / "points.jsonl"
    while rows and process.poll() is None and (not points.exists() or points.read_bytes().count(b"\n") < rows):
        time.sleep(0.002)
    time.sleep(pause_s)
    process.kill()


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Process ids, where the system tells."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def lives(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The study, and the table of one sweep from beginning to end."""
    home = tmp_path_factory.mktemp("undisturbed")
    study = write_study(home)
    sweep(study, out=home / "sweep")
    return study, (home / "sweep" / "summary.csv").read_bytes()


@pytest.mark.parametrize("number", range(SWEEPS))
def test_killed_and_resumed(undisturbed: tuple[Path, bytes], tmp_path: Path, number: int) -> None:
    study, table = undisturbed
    chance = random.Random(number)
    workers = 2 if number % 7 == 0 else 1
    out = tmp_path / "sweep"
    with sweeping(study, out, workers) as process:
        kill_after(process, out, rows=chance.randrange(POINTS), pause_s=chance.uniform(0.0, 0.03))
        orphans = children_of(process)
    kept = (out / "points.jsonl").read_bytes() if (out / "points.jsonl").exists() else b""
    whole = kept[: kept.rfind(b"\n") + 1]
    with sweeping(study, out, workers) as process:
        _, message = process.communicate()
    assert (process.returncode, message) == (0, b"")
    assert (out / "summary.csv").read_bytes() == table
    assert (out / "points.jsonl").read_bytes().startswith(whole)  # nothing lost
    assert len(read_rows(out)) == POINTS  # nothing repeated
    deadline = time.monotonic() + 20
    while any(map(lives, orphans)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(lives, orphans)), "workers outlive a killed sweep"


def test_interrupted_says_what_is_kept(undisturbed: tuple[Path, bytes], tmp_path: Path) -> None:
    study, _ = undisturbed
    out = tmp_path / "sweep"
    with sweeping(study, out, 1) as process:
        while not (out / "points.jsonl").exists() or not (out / "points.jsonl").read_bytes().count(b"\n"):
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGINT)
        _, message = process.communicate()
    assert process.returncode == 130
    assert f"of {POINTS} points are kept: go on with --resume {out}".encode() in message
