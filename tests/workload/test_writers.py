"""Traces written and read back."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload import Pause, PromptSegments, RequestTable, SessionSpec, WorkloadSpec, generate, prefix_reuse
from simulator.workload.arrivals import PoissonArrivals
from simulator.workload.lengths import UniformLength
from simulator.workload.readers import load_trace
from simulator.workload.writers import write_trace

CHAT = SessionSpec(
    num_sessions=30,
    arrival=PoissonArrivals(0.3),
    turns=UniformLength(1, 4),
    user_tokens=UniformLength(10, 900),
    output_tokens=UniformLength(5, 600),
    think=Pause(3.0, 1.0),
    system_prompt_tokens=700,
)


def sessions() -> RequestTable:
    return generate(WorkloadSpec(sessions=CHAT), 1).table


def assert_equal(left: RequestTable, right: RequestTable) -> None:
    for field in fields(RequestTable):
        mine, theirs = getattr(left, field.name), getattr(right, field.name)
        if isinstance(mine, PromptSegments):
            assert [mine.of(row) for row in range(len(left))] == [theirs.of(row) for row in range(len(left))]
        else:
            assert np.array_equal(mine, theirs), field.name


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_json_lines_keep_everything_to_the_bit(tmp_path: Path, name: str) -> None:
    table = sessions()
    assert write_trace(table, tmp_path / name, "jsonl") == []
    trace = load_trace(tmp_path / name)
    assert trace.format == "jsonl"
    assert_equal(trace.table, table)


def test_csv_keeps_columns_and_says_what_it_loses(tmp_path: Path) -> None:
    table = sessions()
    lost = write_trace(table, tmp_path / "t.csv", "csv")
    read = load_trace(tmp_path / "t.csv").table
    for name in ("arrival_s", "prompt_tokens", "output_tokens", "priority", "adapter", "session", "tenant"):
        assert np.array_equal(getattr(read, name), getattr(table, name)), name
    assert ["CSV has no blocks" in lost[0], "wait for one another" in lost[1]] == [True, True]


def test_mooncake_keeps_reuse_to_whole_blocks(tmp_path: Path) -> None:
    table = sessions()
    lost = write_trace(table, tmp_path / "t.jsonl", "mooncake")
    trace = load_trace(tmp_path / "t.jsonl")
    assert trace.format == "mooncake"
    assert trace.table.arrival_s == pytest.approx(table.arrival_s, abs=5.001e-4)
    # The format names prompts only: compare with the table whose answers are not named either.
    prompts = RequestTable.from_columns(
        table.arrival_s, table.prompt_tokens, table.output_tokens, segments=table.segments
    )
    ours, theirs = prefix_reuse(prompts, 512), prefix_reuse(trace.table, 512)
    assert theirs.block_hit_rate == ours.block_hit_rate > 0.3
    assert any("milliseconds" in note for note in lost)
    assert any("session" in note for note in lost)


def test_an_unknown_format_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be one of csv, mooncake, jsonl"):
        write_trace(sessions(), tmp_path / "t", "cvs")
    assert list(tmp_path.iterdir()) == []
