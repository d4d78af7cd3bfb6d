"""Measurement files are read strictly: what is not one is refused with the place and the remedy."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from calibration.measurements_file import read_measurements, write_measurements
from calibration.schema import COLUMNS
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware

HEADER = "device,op,dtype,m,n,k,time_us"
ROW = "H100-SXM5-80GB,gemm,bf16,128,4096,4096,12.5"


def _file(folder: Path, *lines: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_reads_every_schema_column_in_microseconds(tmp_path: Path) -> None:
    rows = read_measurements(_file(tmp_path, HEADER, ROW))
    assert list(rows.columns) == list(COLUMNS)
    assert rows.loc[0, "time_us"] == 12.5
    assert rows.loc[0, "m"] == 128


@pytest.mark.parametrize(("unit", "value"), [("time_ms", "0.0125"), ("time_ns", "12500"), ("time_s", "1.25e-5")])
def test_other_units_are_converted_by_column_name(tmp_path: Path, unit: str, value: str) -> None:
    path = _file(tmp_path, HEADER.replace("time_us", unit), ROW.replace("12.5", value))
    assert read_measurements(path).loc[0, "time_us"] == pytest.approx(12.5)


def test_device_names_of_other_tools_become_profile_names(tmp_path: Path) -> None:
    path = _file(
        tmp_path, HEADER, *(ROW.replace("H100-SXM5-80GB", name) for name in ("h100_sxm", "NVIDIA H200", "4090"))
    )
    assert list(read_measurements(path)["device"]) == ["H100-SXM5-80GB", "H200-SXM-141GB", "RTX-4090"]


def test_written_files_read_back_the_same(tmp_path: Path) -> None:
    rows = read_measurements(_file(tmp_path, HEADER, ROW, ROW.replace("12.5", "13")))
    write_measurements(tmp_path / "out.csv.gz", rows)
    again = read_measurements(tmp_path / "out.csv.gz", load_hardware("h100"))
    assert again.equals(rows)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["device,op,dtype,m,n,k", ROW[: ROW.rindex(",")]], ["lacks the column 'time_us'", "rows.csv:1"]),
        (["op,time_us", "gemm,3"], ["lacks the column 'device'"]),
        ([HEADER.replace("time_us", "time_su"), ROW], ["'time_su'", "did you mean", "'time_us'"]),
        ([HEADER + ",time_ms", ROW + ",3"], ["gives the time twice"]),
        ([HEADER.replace("n,", "m,", 1), ROW], ["names a column twice"]),
        ([HEADER, ROW, ROW.replace("gemm", "gem")], ["rows.csv:3", "op", "'gem'", "did you mean 'gemm'"]),
        ([HEADER, ROW.replace("gemm", "")], ["rows.csv:2", "op"]),
        ([HEADER, ROW.replace("bf16", "bf17")], ["dtype", "'bf17'", "did you mean 'bf16'"]),
        ([HEADER, ROW, ROW.replace("12.5", "fast")], ["rows.csv:3", "time_us", "must be a number", "fast"]),
        ([HEADER, ROW, "", ROW.replace("4096", "4o96", 1)], ["rows.csv:4", "n", "4o96"]),
        ([HEADER, ROW.replace("H100-SXM5-80GB", "H1000")], ["device", "'H1000'"]),
        ([HEADER, ROW, ROW + ",7,8,9"], ["is not a table", "line 3"]),
        ([HEADER], ["has a header and no rows"]),
        ([""], ["is empty"]),
    ],
)
def test_bad_tables_are_refused_with_place_and_value(tmp_path: Path, lines: list[str], told: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_measurements(_file(tmp_path, *lines))
    for words in told:
        assert words in str(caught.value)


def test_another_devices_file_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, HEADER, ROW, ROW.replace("H100-SXM5-80GB", "L40S"))
    with pytest.raises(InputError, match=r"rows\.csv:3: device: was measured on another device than H100.*L40S"):
        read_measurements(path, load_hardware("h100"))


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"\n".join([HEADER.encode()] + [ROW.encode()] * 500))
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "binary.csv").write_bytes(b"PAR1\x00\x01\xff")
    for name, told in (("cut.csv.gz", "truncated"), ("binary.csv", "not a text file"), ("absent.csv", "no such")):
        with pytest.raises(InputError, match=told):
            read_measurements(tmp_path / name)
