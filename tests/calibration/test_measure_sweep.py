"""The sweep on a device whose clock and kernels are invented."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from calibration.measure.backends.fake import FakeBackend, roofline_seconds
from calibration.measure.case import Case
from calibration.measure.harness import measure, read_rows
from calibration.measure.plan import plan_cases
from calibration.measure.records import MeasurementFile
from calibration.measure.sweep import LEAST_ROUNDS, ROUNDS, WAVE, sweep
from calibration.schema import COLUMNS
from simulator.errors import InputError

CLASSES = ["launch", "gemm", "attn_decode", "norm"]


def _measure(backend: FakeBackend, out: Path, budget_s: float = 600.0, points: int = 32):
    return measure(backend, out, CLASSES, points=points, budget_s=budget_s)


def test_rows_hold_what_the_kernels_took(tmp_path: Path) -> None:
    out = tmp_path / "fake.csv"
    _measure(FakeBackend(), out)
    rows = read_rows(out)
    assert list(rows[0]) == list(COLUMNS)
    gemm = [row for row in rows if row["op"] == "gemm"]
    assert {row["dtype"] for row in gemm} == {"bf16", "fp8"}
    for row in gemm:
        case = Case.of("gemm", row["dtype"], mode="graph", m=int(row["m"]), n=int(row["n"]), k=int(row["k"]))
        assert float(row["time_us"]) == pytest.approx(roofline_seconds(case) * 1e6, rel=1e-3)
        assert row["repeats"] == str(ROUNDS)
    assert {row["mode"] for row in rows if row["op"] == "launch"} == {"graph", "eager"}
    assert all(row["kv_dtype"] == "bf16" for row in rows if row["op"] == "attn_decode")


def test_visits_go_round_the_wave_so_that_drift_hits_all_shapes_alike(tmp_path: Path) -> None:
    backend = FakeBackend(drift=0.5)
    cases = plan_cases(backend, ["gemm"], 32)
    sweep(backend, cases, MeasurementFile(tmp_path / "a.csv", "Fake-1", "test"), 600.0)
    wave = backend.visited[: len(cases[:WAVE])]
    assert wave == cases[:WAVE]
    assert backend.visited[len(wave) : 2 * len(wave)] == wave


def test_a_second_start_times_nothing_again(tmp_path: Path) -> None:
    out = tmp_path / "fake.csv"
    first = _measure(FakeBackend(), out)
    before = out.read_bytes()
    again = FakeBackend()
    second = _measure(again, out)
    assert second.report.written == 0
    assert second.report.already_there == first.report.written
    assert again.visited == []
    assert out.read_bytes() == before
    sessions = yaml.safe_load(second.meta.read_text())["sessions"]
    assert [session["rows_written"] for session in sessions] == [first.report.written, 0]
    assert sessions[0]["versions"] == {"fake": "1"}


def test_a_killed_sweep_goes_on_where_it_stopped_and_drops_the_torn_line(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.csv", tmp_path / "torn.csv"
    _measure(FakeBackend(), whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    torn.write_bytes(b"".join(lines[:40]) + lines[40][:17])
    session = _measure(FakeBackend(), torn)
    assert session.report.already_there == 39
    assert sorted(torn.read_bytes().splitlines()) == sorted(whole.read_bytes().splitlines())


def test_the_budget_is_kept_and_every_class_loses_the_same_part(tmp_path: Path) -> None:
    out = tmp_path / "fake.csv"
    backend = FakeBackend(lambda case: 0.01)
    session = _measure(backend, out, budget_s=10.0, points=64)
    longest_call_s = 0.01
    assert backend.clock_s <= 10.0 + longest_call_s
    done = Counter((row["op"], row["dtype"]) for row in read_rows(out))
    planned = Counter((case.op, case.dtype) for case in plan_cases(backend, CLASSES, 64))
    shares = {group: done[group] / count for group, count in planned.items() if group[0] != "launch"}
    assert min(shares.values()) > 0.3
    assert max(shares.values()) - min(shares.values()) < 0.1
    assert sum(session.report.cut.values()) == sum(planned.values()) - session.report.written
    assert all(int(row["repeats"]) >= LEAST_ROUNDS for row in read_rows(out))


def test_what_the_device_lacks_is_told_with_its_reason_and_the_rest_measured(tmp_path: Path) -> None:
    session = _measure(FakeBackend(missing=("fp8",)), tmp_path / "fake.csv")
    assert session.report.left_out == {"gemm fp8": "no fp8 on this device"}
    assert {row["dtype"] for row in read_rows(session.csv) if row["op"] == "gemm"} == {"bf16"}


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"other.csv:1: is no measurement file"):
        _measure(FakeBackend(), other)
    assert other.read_text() == "a,b\n1,2\n"
    mine = tmp_path / "mine.csv"
    _measure(FakeBackend(), mine)
    mine.write_text(mine.read_text().replace("Fake-1", "Fake-2"))
    with pytest.raises(InputError, match=r"mine.csv:2: device: holds rows of another device; this one is Fake-1"):
        _measure(FakeBackend(), mine)
