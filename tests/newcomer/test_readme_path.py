"""A newcomer gets from an empty environment to a plan by copying the README."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from benchmarks.newcomer import ROOT, install, read_path, table, walk

NO_NETWORK = ("No matching distribution", "Temporary failure in name resolution", "NewConnectionError")

MINUTES = 12
"""The whole path is promised in about three minutes on two cores; a busy machine may take four times as long."""


def test_the_readme_shows_the_whole_path() -> None:
    path = read_path()
    kinds = [command.split()[1] for command in path.commands]
    assert {"run", "estimate", "sweep", "pareto", "plan", "report"} <= set(kinds)
    assert {"config.json", "day.csv"} <= set(path.files)
    assert all(command.startswith("inferplan ") for command in path.commands)


@pytest.mark.slow
def test_the_path_leads_to_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    installed = install(tmp_path / "venv")
    if installed.status and any(sign in installed.output for sign in NO_NETWORK):
        pytest.skip("packages cannot be downloaded here")
    assert installed.status == 0, installed.output
    folder = tmp_path / "work"
    folder.mkdir()
    steps = [installed, *walk(read_path(), tmp_path / "venv", folder)]
    with capsys.disabled():
        print("\n" + table(steps))
    assert [(step.command, step.output) for step in steps if step.status] == []
    assert not any("Traceback" in step.output for step in steps)
    with (folder / "settings" / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    assert all(row["status"] == "ok" for row in rows)
    plan = json.loads((folder / "fleet" / "plan.json").read_text())
    page = (folder / "fleet" / "report.html").read_text(encoding="utf-8")
    assert plan["winner"]
    assert "vllm serve" in page
    assert str(ROOT) not in page
    assert sum(step.seconds for step in steps) < 60 * MINUTES
