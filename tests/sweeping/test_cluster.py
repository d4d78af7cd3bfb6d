"""The same sweep on a Dask cluster on this machine; one of its workers is killed on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.sweeping import sweep
from simulator.sweeping.crews import Cluster
from simulator.sweeping.journal import Row, read_rows
from tests.cli.invoke import inferplan
from tests.sweeping.studies import write_study

pytest.importorskip("distributed", reason="needs the extra [cluster]")

DASK = [sys.executable, "-m", "dask"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler on the loopback device, and its two workers."""
    home = tmp_path_factory.mktemp("dask")
    file = home / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [*DASK, *arguments, "--scheduler-file", str(file), "--no-dashboard"]
        return subprocess.Popen(
            command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    workers = [start("worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1") for _ in range(2)]
    try:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")
def test_a_killed_worker_changes_nothing(cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path) -> None:
    address, workers = cluster
    study = write_study(tmp_path)
    alone = sweep(study, workers=1, out=tmp_path / "alone")
    done = inferplan("sweep", study, "--cluster", address, "--out", tmp_path / "cluster", "--json")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out)["counts"] == alone.content["counts"]

    def kill_one(row: Row, finished: int, planned: int) -> None:
        if finished == 20:  # the points that fail at once are rows already; these run
            workers[0].kill()

    sweep(study, cluster=address, out=tmp_path / "killed", on_row=kill_one)
    assert workers[0].wait() == -signal.SIGKILL
    table = (tmp_path / "alone" / "summary.csv").read_bytes()
    for folder in ("cluster", "killed"):
        assert (tmp_path / folder / "summary.csv").read_bytes() == table
        assert len(read_rows(tmp_path / folder)) == len(alone.rows)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://host"])
def test_an_address_nobody_listens_at_is_said(address: str) -> None:
    said = pytest.raises(InputError, match="--cluster: no Dask scheduler answers there")
    with said, Cluster(address, answer_s=0.5).open():
        pass
