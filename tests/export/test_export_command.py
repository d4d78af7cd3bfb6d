"""``inferplan export`` as a stranger uses it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.invoke import inferplan

SCENARIO = """
model: llama-3.1-8b
hardware: h100
workload:
  profile: {name: chat-short, num_requests: 12}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "a.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture
def folder(scenario: Path, tmp_path: Path) -> Path:
    done = inferplan("run", scenario, "--out", tmp_path / "run", "--no-charts", "--quiet")
    assert done.status == 0
    return tmp_path / "run"


def test_every_format_from_a_folder(folder: Path) -> None:
    names = {
        "perfetto": "trace.json.gz",
        "csv": "requests.csv",
        "jsonl": "requests.jsonl",
        "vllm-bench": "vllm-bench.json",
        "prometheus": "metrics.prom",
    }
    for shape, name in names.items():
        done = inferplan("export", folder, "--format", shape)
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith(f"Written: {folder / name} (")
        assert (folder / name).stat().st_size
    assert (folder / "requests.csv").read_bytes() == gzip.decompress((folder / "requests.csv.gz").read_bytes())
    compared = inferplan("compare", folder, folder / "vllm-bench.json")
    assert compared.status == 0
    assert compared.out.count("+0.0%") > 20


def test_from_a_scenario(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "a" / "bench.json"
    done = inferplan(
        "export", scenario, "--format", "vllm-bench", "--out", out, "--set", "workload.profile.num_requests=7"
    )
    assert done.status == 0
    assert json.loads(out.read_text())["completed"] == 7


def test_a_folder_that_no_longer_fits_is_noticed(folder: Path) -> None:
    (folder / "requests.csv.gz").write_bytes(gzip.compress(b"request,arrival_s\n0,1\n"))
    done = inferplan("export", folder, "--format", "csv")
    assert done.status == 0
    assert "note: run again, the requests differ" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--format", "perfeto"], "did you mean 'perfetto'"),
        (["--format", "csv", "--table", "request"], "did you mean 'requests'"),
        (["--format", "csv", "--window", "5"], "--window"),
        (["--format", "prometheus", "--window", "1s:2s"], "always of the whole run"),
        (["--format", "perfetto", "--window", "1h:"], "no engine step"),
        (["--format", "csv", "--window", "1h:"], "window: begins after the last of the requests, which ends at "),
        (["--format", "csv", "--table", "steps", "--window", "1h:2h"], "window: begins after the last of the steps"),
        ([], "Missing option '--format'"),
    ],
)
def test_mistakes(scenario: Path, tmp_path: Path, arguments: list[str], says: str) -> None:
    wrong = inferplan("export", scenario, *arguments, "--out", tmp_path / "a")
    assert wrong.status == 2
    assert says in wrong.err
    assert not (tmp_path / "a").exists()


def test_sources_that_are_none(tmp_path: Path, folder: Path) -> None:
    assert "holds no scenario.resolved.yaml" in inferplan("export", tmp_path, "--format", "csv").err
    assert "no such file" in inferplan("export", tmp_path / "b.yaml", "--format", "csv").err
    changed = inferplan("export", folder, "--format", "csv", "--set", "hardware=h200")
    assert "cannot change a finished run" in changed.err
