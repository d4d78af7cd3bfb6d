"""Requests, time series and steps of a run as CSV, JSON lines or Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.errors import InputError, did_you_mean
from simulator.export.window import TimeWindow
from simulator.report.tables import csv_text
from simulator.result import RunResult

if TYPE_CHECKING:
    from pandas import DataFrame, Series

TABLES = ("requests", "timeseries", "steps")


def run_table(result: RunResult, name: str, window: TimeWindow) -> DataFrame:
    """A table of the run (first seed), cut to what has a part inside the window; columns as in ``RunResult``.

    Raises ``InputError`` for an unknown table, or a window that begins after the table has ended.
    """
    if name not in TABLES:
        hint = did_you_mean(name, TABLES)
        raise InputError(f"must be one of {', '.join(TABLES)}", path="table", value=name, hint=hint)
    frame: DataFrame = getattr(result, name)
    if window.whole:
        return frame
    begin_s, end_s = _span(frame, name)
    if len(frame) and window.start_s > end_s.max():
        raise InputError(f"begins after the last of the {name}, which ends at {end_s.max():.6g} s", path="window")
    return frame[(end_s >= window.start_s) & (begin_s < window.end_s)]


def csv_bytes(frame: DataFrame) -> bytes:
    """CSV with a header line, six decimals."""
    return csv_text(frame).encode()


def jsonl_bytes(frame: DataFrame) -> bytes:
    """One JSON object per line; a missing value is null."""
    plain = frame.reset_index() if frame.index.name is not None else frame
    return str(plain.to_json(orient="records", lines=True, double_precision=9)).encode()


def parquet_bytes(frame: DataFrame) -> bytes:
    """Apache Parquet. Raises ``InputError`` where pyarrow is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        hint = "pip install 'inferplan[parquet]', or take --format csv or jsonl"
        raise InputError("Parquet needs the library pyarrow, which is not installed", hint=hint) from None
    sink = io.BytesIO()
    frame.to_parquet(sink, engine="pyarrow")
    return sink.getvalue()


WRITERS: dict[str, Callable[[DataFrame], bytes]] = {"csv": csv_bytes, "jsonl": jsonl_bytes, "parquet": parquet_bytes}
"""Content of a table's file by format, which is also the ending of its name."""


def _span(frame: DataFrame, name: str) -> tuple[Series[float], Series[float]]:
    """Where each row begins and ends (s)."""
    if name == "steps":
        return frame["start_s"], frame["end_s"]
    if name == "timeseries":
        return frame["time_s"], frame["time_s"]
    arrival_s = frame["arrival_s"]
    return arrival_s, arrival_s + frame["e2el_ms"].fillna(0.0) / 1e3
