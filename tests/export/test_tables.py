"""Tables read back as they were."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from tests.export.runs import crowded


@pytest.mark.parametrize("table", ["requests", "timeseries", "steps"])
def test_round_trips(table: str, tmp_path: Path) -> None:
    exports, frame = crowded().export, getattr(crowded(), table)
    index = "request" if table == "requests" else None
    csv = pd.read_csv(exports.csv(tmp_path / "a.csv.gz", table=table), index_col=index, keep_default_na=False)
    assert list(csv.columns) == list(frame.columns)
    assert len(csv) == len(frame)
    lines = exports.jsonl(tmp_path / "a.jsonl", table=table).read_text().splitlines()
    assert len(lines) == len(frame)
    assert json.loads(lines[3])["replica"] == frame["replica"].iloc[3]
    pytest.importorskip("pyarrow")
    parquet = pd.read_parquet(exports.parquet(tmp_path / "a.parquet", table=table))
    pd.testing.assert_frame_equal(parquet, frame, check_dtype=False)


def test_a_window_keeps_what_touches_it(tmp_path: Path) -> None:
    result = crowded()
    requests = pd.read_csv(result.export.csv(tmp_path / "a.csv", window="1s:2s"))
    end_s = requests["arrival_s"] + requests["e2el_ms"].fillna(0) / 1e3
    assert 0 < len(requests) < len(result.requests)
    assert ((end_s >= 1.0 - 1e-6) & (requests["arrival_s"] < 2.0)).all()
    steps = pd.read_csv(result.export.csv(tmp_path / "b.csv", table="steps", window="1s:2s"))
    assert (steps["end_s"] >= 1.0).all()
    assert (steps["start_s"] < 2.0).all()
    series = pd.read_csv(result.export.csv(tmp_path / "c.csv", table="timeseries", window="1s:2s"))
    assert series["time_s"].between(1.0, 2.0).all()


def test_steps_add_up_to_the_run() -> None:
    result = crowded()
    assert len(result.steps) == result.summary["timing"]["engine_steps"] - _empty(result)
    assert result.steps["kv_cache_usage_perc"].max() == result.summary["kv_cache_usage_peak"]
    assert result.steps["running"].max() == result.summary["peak_num_requests_running"]


def _empty(result) -> int:  # type: ignore[no-untyped-def]
    return sum(int((log.column("tokens") == 0).sum()) for log in result.records.steps)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"inferplan\[parquet\]"):
        crowded().export.parquet(tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


def test_unknown_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'requests'"):
        crowded().export.csv(tmp_path / "a.csv", table="request")
