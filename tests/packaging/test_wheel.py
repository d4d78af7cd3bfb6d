"""A built wheel carries its data and works from any directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel, and nothing else, is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("inferplan-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def _inferplan(site: Path, cwd: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", "from simulator.cli.main import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True, text=True).stdout


def test_the_wheel_is_what_runs(site: Path, tmp_path: Path) -> None:
    code = "import simulator; print(simulator.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert where.stdout.decode().startswith(str(site))


@pytest.mark.parametrize("what", ["models", "hardware", "workloads", "policies"])
def test_lists(site: Path, tmp_path: Path, what: str) -> None:
    assert _inferplan(site, tmp_path, "list", what).strip()


def test_estimates(site: Path, tmp_path: Path) -> None:
    out = _inferplan(site, tmp_path, "estimate", "--model", "llama-3.1-8b", "--hardware", "h100", "--json")
    assert json.loads(out)


def test_runs_a_scenario_elsewhere(site: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "mine.yaml"
    workload = "workload:\n  profile: {name: chat-short, num_requests: 50}\n"
    scenario.write_text("model: llama-3.1-8b\nhardware: h100\n" + workload)
    summary = json.loads(_inferplan(site, tmp_path, "run", "mine.yaml", "--json"))
    assert summary["completed"] == 50


def test_reports_a_run_elsewhere(site: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "mine.yaml"
    workload = "workload:\n  profile: {name: chat-short, num_requests: 50}\n"
    scenario.write_text("model: llama-3.1-8b\nhardware: h100\n" + workload)
    _inferplan(site, tmp_path, "run", "mine.yaml", "--out", "run", "--no-charts", "--quiet")
    _inferplan(site, tmp_path, "report", "run")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme" in page
    assert "addEventListener" in page
