"""vLLM's own recorded decisions, step by step, through both loops and the naive oracle."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.engine.golden import read_golden
from simulator.engine.replay import first_difference
from tests.engine.oracle_replay import replay_oracle
from tests.shared_data import SHARED, needs_shared

FILES = sorted((SHARED / "golden_schedules").glob("*.jsonl.gz"))

pytestmark = needs_shared


def test_all_files_are_there() -> None:
    assert len(FILES) >= 29


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.split(".")[0])
@pytest.mark.parametrize("loop", ["fast", "reference"])
def test_identical(file: Path, loop: str) -> None:
    schedule = read_golden(file)
    assert first_difference(schedule, "fast" if loop == "fast" else "reference") is None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.split(".")[0])
def test_oracle_is_right(file: Path) -> None:
    schedule = read_golden(file)
    for recorded, mine in zip(schedule.steps, replay_oracle(schedule), strict=False):
        assert mine == recorded
