"""``inferplan sweep`` and ``inferplan pareto``: what they print, what they write, how they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.sweeping.points import expand
from simulator.sweeping.study import read_study
from tests.cli.invoke import inferplan
from tests.sweeping.studies import write_study

AXES = "sweep:\n  hardware: [h100, a100]\n  rate: [5, 30]\n  parallel.tensor_parallel_size: [1, 3]\n"
STUDIES = Path(__file__).resolve().parents[2] / "docs" / "studies"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_study(tmp_path, AXES)
    return tmp_path


def test_a_sweep_then_its_frontier(here: Path) -> None:
    done = inferplan("sweep", "study.yaml", "--workers", "1")
    assert (done.status, done.err) == (0, "")
    assert "study: 4 of 8 points, 4 failed" in done.out
    assert "highest tok_s_gpu (tokens/s/device):" in done.out
    assert "failed: 2, such as point 1: parallel.tensor_parallel_size: " in done.out
    assert "Next: inferplan pareto study-sweep" in done.out
    names = {path.name for path in (here / "study-sweep").iterdir()}
    assert names == {"study.resolved.yaml", "sweep.json", "points.jsonl", "summary.csv"}

    found = inferplan("pareto", "study-sweep")
    assert (found.status, found.err) == (0, "")
    assert "of 4 points are beaten by no other in tok_s_user (tokens/s/user, high is better)" in found.out
    assert {"pareto.png", "pareto.svg"} <= {path.name for path in (here / "study-sweep").iterdir()}
    as_json = inferplan("pareto", "study-sweep", "--x", "p99_ttft_ms", "--goal", "ttft:p99<10s", "--json",
                        "--out", "other.svg")  # fmt: skip
    content = json.loads(as_json.out)
    assert (content["x"]["better"], content["y"]["better"]) == ("low", "high")
    assert (here / "other.png").exists()
    refused = inferplan("pareto", "study-sweep", "--goal", "ttft:p99<1us")
    assert (refused.status, "meets ttft:p99<1us" in refused.err) == (2, True)
    refused = inferplan("pareto", "study-sweep", "--family", "hardwar")
    assert "--family: is not a key of this sweep (found 'hardwar')\n  did you mean 'hardware'?" in refused.err


def test_resuming_without_the_study_file(here: Path) -> None:
    first = inferplan("sweep", "study.yaml", "--workers", "1", "--json", "--out", "kept")
    (here / "study.yaml").unlink()
    (here / "scenario.yaml").unlink()
    lines = (here / "kept" / "points.jsonl").read_bytes()
    again = inferplan("sweep", "--resume", "kept", "--json")
    assert (again.status, again.err) == (0, "")
    assert json.loads(again.out)["points"] == json.loads(first.out)["points"]
    assert (here / "kept" / "points.jsonl").read_bytes() == lines


def test_a_dry_run_runs_nothing(here: Path) -> None:
    done = inferplan("sweep", "study.yaml", "--dry-run", "--set", "engine.max_num_seqs=8,16")
    assert (done.status, done.err) == (0, "")
    assert "study: 16 points, ranked by tok_s_gpu" in done.out
    assert "hardware (list): h100, a100" in done.out
    assert not (here / "study-sweep").exists()
    points = json.loads(inferplan("sweep", "study.yaml", "--dry-run", "--json").out)["points"]
    assert [point["set"]["rate"] for point in points][:4] == [5, 5, 30, 30]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give a study file, or --resume DIR"),
        (("scenario.yaml",), "scenario.yaml: nothing is varied: there is no axis"),
        (
            ("study.yaml", "--set", "engine.max_num_seqs=0,1"),
            "--set engine.max_num_seqs=0,1: engine.max_num_seqs: must",
        ),
        (("study.yaml", "--set", "engine.max_seqs=1,2"), "did you mean 'engine.max_num_seqs'"),
        (("study.yaml", "--set", "rate"), "--set rate: must read KEY=VALUE"),
        (("study.yaml", "--best", "tok_s"), "best: is not a metric of a run (found 'tok_s')"),
        (("study.yaml", "--workers", "2", "--cluster", "tcp://h:1"), "--workers: cannot stand beside --cluster"),
        (("study.yaml", "--out", "a", "--resume", "b"), "--out: cannot name another folder than --resume"),
        (("study.yaml", "--out", "scenario.yaml"), "scenario.yaml: is a file, not a folder"),
        (("--resume", "nowhere"), "nowhere: holds no sweep to go on with"),
        (("missing.yaml",), "missing.yaml: "),
    ],
)
def test_mistakes(here: Path, arguments: tuple[str, ...], message: str) -> None:
    done = inferplan("sweep", *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_a_title_is_text(here: Path) -> None:
    with (here / "study.yaml").open("a") as file:
        file.write("title: [a, b]\n")
    done = inferplan("sweep", "study.yaml", "--dry-run")
    assert (done.status, "title: must be text" in done.err) == (2, True)


def test_no_sweep_no_frontier(here: Path) -> None:
    done = inferplan("pareto", here)
    assert (done.status, "holds no sweep" in done.err) == (2, True)


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_can_be_run(path: Path) -> None:
    points = expand(read_study(path))
    assert 10 < len(points) < 200
    assert not any(point.problem for point in points)
