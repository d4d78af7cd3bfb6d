"""Workers that die, and rows that are torn: nothing is lost, nothing is done twice, and the culprit is named."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.sweeping import load, sweep
from simulator.sweeping.crews import LocalProcesses, ThisProcess
from simulator.sweeping.execute import DIED_TWICE
from simulator.sweeping.journal import Row, open_journal, read_rows
from simulator.sweeping.runner import plan_sweep, run_plan
from simulator.sweeping.study import study_of
from tests.sweeping.studies import tiny

AXES: dict[str, Any] = {"engine.max_num_seqs": [1, 2, 3, 4], "rate": [5.0, 50.0]}


@pytest.fixture(scope="module")
def table() -> str:
    """What an undisturbed sweep finds."""
    return sweep(tiny(), AXES).to_csv()


class Deadly(Executor):
    """A pool whose worker dies of one task: of the one whose scenario allows ``seqs`` sequences."""

    def __init__(self, seqs: int) -> None:
        self._seqs = seqs
        self._broken: BrokenProcessPool | None = None

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._broken:
            raise self._broken
        future: Future[Any] = Future()
        if args and args[0].scenario["engine"]["max_num_seqs"] == self._seqs:
            self._broken = BrokenProcessPool("a process died")
            future.set_exception(self._broken)
        else:
            future.set_result(fn(*args, **kwargs))
        return future


class DeadlyCrew(ThisProcess):
    """Opens such pools; ``again``: also for the second try."""

    ahead, alone = 4, True

    def __init__(self, seqs: int, *, again: bool) -> None:
        self._seqs, self._again = seqs, again

    @contextmanager
    def open(self, workers: int | None = None) -> Iterator[Executor]:
        yield Deadly(self._seqs if workers is None or self._again else -1)


def test_a_point_that_kills_two_workers_is_an_error_row_and_the_others_are_not(table: str) -> None:
    result = run_plan(plan_sweep(study_of(tiny(), AXES)), DeadlyCrew(3, again=True))
    assert [(row.set["engine.max_num_seqs"], row.error) for row in result.failed] == [(3, DIED_TWICE)] * 2
    done = [line for line in result.to_csv().splitlines() if ",ok," in line]
    assert done == [line for line in table.splitlines() if ",ok,3," not in line][1:]


def test_a_point_whose_worker_was_killed_once_runs_again(table: str) -> None:
    result = run_plan(plan_sweep(study_of(tiny(), AXES)), DeadlyCrew(2, again=False))
    assert result.to_csv() == table


def test_processes_that_cannot_start_are_no_fault_of_the_points() -> None:
    class Stillborn(ThisProcess):
        alone = True

        @contextmanager
        def open(self, workers: int | None = None) -> Iterator[Executor]:
            class Broken(Executor):
                def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
                    raise BrokenProcessPool("dead")

            yield Broken()

    with pytest.raises(InputError, match="worker processes die as they start"):
        run_plan(plan_sweep(study_of(tiny(), AXES)), Stillborn())


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")
def test_killed_worker_processes_change_nothing(table: str, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one(row: Row, done: int, total: int) -> None:
        children = multiprocessing.active_children()
        if done == 2 and children and children[0].pid:
            os.kill(children[0].pid, signal.SIGKILL)
            killed.append(done)

    plan = plan_sweep(study_of(tiny(), AXES))
    result = run_plan(plan, LocalProcesses(2), out=tmp_path / "sweep", on_row=kill_one)
    assert killed
    assert result.to_csv() == table == (tmp_path / "sweep" / "summary.csv").read_text()
    assert len(read_rows(tmp_path / "sweep")) == 8


def test_any_executor_will_do(table: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert sweep(tiny(), AXES, executor=pool).to_csv() == table


def test_a_broken_executor_that_was_given_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="finished points are kept"):
        sweep(tiny(), AXES, executor=Deadly(2), out=tmp_path / "sweep")
    assert [row.set["engine.max_num_seqs"] for row in read_rows(tmp_path / "sweep")] == [1, 1]


@pytest.mark.parametrize("torn", [b'{"id":"12', b"", b"\xff\x00"])
def test_a_torn_last_line_is_dropped(table: str, tmp_path: Path, torn: bytes) -> None:
    folder = tmp_path / "sweep"
    sweep(tiny(), AXES, out=folder)
    lines = (folder / "points.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "points.jsonl").write_bytes(b"".join(lines[:3]) + torn)
    assert len(load(folder).rows) == 3
    (folder / "summary.csv").unlink()
    again: list[int] = []
    sweep(tiny(), AXES, out=folder, resume=True, on_row=lambda row, done, total: again.append(done))
    assert (folder / "summary.csv").read_text() == table
    assert (folder / "points.jsonl").read_bytes().startswith(b"".join(lines[:3]))
    assert len(read_rows(folder)) == 8
    assert again == list(range(1, 9))


@pytest.mark.parametrize(
    "changed",
    [
        {"id": 3},
        {"index": "0"},
        {"status": "fine"},
        {"metrics": "none"},
        {"metrics": {"tok_s_gpu": "fast"}},
        {"metrics": {"tok_s_gpu": float("nan")}},
        {"error": 3},
    ],
    ids=str,
)
def test_a_line_that_is_no_row_is_refused_with_its_number(tmp_path: Path, changed: dict[str, object]) -> None:
    row = Row("a", 0, {"rate": 1.0}, "ok", None, {"tok_s_gpu": 3.0})
    with open_journal(tmp_path) as journal:
        journal.add(row)
    assert read_rows(tmp_path) == [row]
    with (tmp_path / "points.jsonl").open("a") as file:
        file.write(json.dumps(row.content() | changed) + "\n")
    with pytest.raises(InputError, match=r"points.jsonl:2: is not a row of a sweep"):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"counts": []}, "sweep.json: counts.planned: is not whole"),
        ({"title": None}, "sweep.json: title: is not whole"),
        ({"best": {"name": "tok_s_gpu"}}, "sweep.json: best.better: is not whole"),
        ({"axes": [3]}, "sweep.json: axes: must be a list of axes"),
    ],
)
def test_a_changed_sweep_json_is_named_and_mended_by_resuming(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    folder = tmp_path / "sweep"
    sweep(tiny(), {"rate": [5.0]}, out=folder)
    path = folder / "sweep.json"
    before = path.read_bytes()
    path.write_text(json.dumps(json.loads(before) | changed))
    with pytest.raises(InputError, match=message):
        load(folder)
    sweep(tiny(), {"rate": [5.0]}, out=folder, resume=True)
    assert path.read_bytes() == before


def test_two_sweeps_do_not_share_a_folder(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    folder = tmp_path / "sweep"
    with open_journal(folder), pytest.raises(InputError, match="another sweep is writing into this folder"):
        sweep(tiny(), AXES, out=folder, resume=True)


def test_a_folder_is_resumed_with_its_own_study_only(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    sweep(tiny(), AXES, out=folder)
    with pytest.raises(InputError, match="holds a sweep already"):
        sweep(tiny(), AXES, out=folder)
    with pytest.raises(InputError, match="holds 4 points that this study does not have"):
        sweep(tiny(), AXES | {"rate": [5.0]}, out=folder, resume=True)
    larger = sweep(tiny(), AXES | {"rate": [5.0, 20.0, 50.0]}, out=folder, resume=True)
    assert len(larger.rows) == 12
    assert len(read_rows(folder)) == 12
