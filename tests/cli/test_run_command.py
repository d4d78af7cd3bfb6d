"""``inferplan run`` as a shell sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.invoke import inferplan

SCENARIO = """\
model: llama-3.1-8b
hardware: h100
workload:
  synthetic:
    num_requests: 200
    arrival: {kind: poisson, rate_per_s: 10}
    prompt_tokens: 500
    output_tokens: 50
slo: {ttft_ms: 200, tpot_ms: 50}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    return path


def test_the_result_reads_as_a_table_with_its_meaning(scenario: Path) -> None:
    outcome = inferplan("run", scenario)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("Llama-3.1-8B on H100-SXM5-80GB: 200 synthetic requests")
    assert lines[1].startswith("200 of 200 requests, 10 requests/s offered, ")
    table = lines[3:9]
    assert table[0].split() == ["ms", "mean", "p50", "p90", "p95", "p99", "80", "%", "band,", "mean", "definition"]
    assert [line.split()[0] for line in table[1:]] == ["TTFT", "TPOT", "ITL", "E2EL", "queue"]
    for start in ("throughput", "goodput", "batch", "KV cache", "utilisation", "Stable: ", "Accuracy: "):
        assert any(line.startswith(start) for line in lines), start


def test_ranges_go_through_the_queue_and_can_be_left_out(scenario: Path) -> None:
    summary = json.loads(inferplan("run", scenario, "--json").out)
    for key in ("mean_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "mean_e2el_ms", "output_throughput"):
        assert summary[f"{key}_low"] < summary[key] < summary[f"{key}_high"], key
    without = json.loads(inferplan("run", scenario, "--json", "--no-bands").out)
    assert not [key for key in without if key.endswith(("_low", "_high"))]
    assert without["mean_tpot_ms"] == summary["mean_tpot_ms"]
    assert "80 % band, mean" not in inferplan("run", scenario, "--no-bands").out


def test_near_saturation_ttft_is_less_sure_than_a_step(scenario: Path) -> None:
    widths = []
    for rate in (10, 52):
        arrival = f"workload.synthetic.arrival.rate_per_s={rate}"
        one = json.loads(inferplan("run", scenario, "--json", "--set", arrival).out)
        widths.append(one["mean_ttft_ms_high"] / one["mean_ttft_ms"] - 1)
    assert widths[1] > widths[0]


def test_json_is_one_object_and_agrees_with_the_table(scenario: Path) -> None:
    summary = json.loads(inferplan("run", scenario, "--json").out)
    assert summary["completed"] == 200
    assert f"{summary['mean_tpot_ms']:.2f}" in inferplan("run", scenario).out


def test_files_are_written_where_told(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "result"
    outcome = inferplan("run", scenario, "--out", out, "--no-charts", "--set", "engine.max-num-seqs=2")
    assert f"Written to {out}:" in outcome.out.replace("\n  ", " ")
    names = {"summary.json", "requests.csv.gz", "timeseries.csv.gz", "scenario.resolved.yaml"}
    assert {path.name for path in out.iterdir()} == names
    assert "max_num_seqs: 2" in (out / "scenario.resolved.yaml").read_text()


def test_quiet_says_nothing(scenario: Path) -> None:
    outcome = inferplan("run", scenario, "--quiet")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_seeds_add_an_interval(scenario: Path) -> None:
    out = inferplan("run", scenario, "--seeds", "3").out
    assert "means over 3 seeds" in out
    assert "mean ±" in out
    assert "tables and charts: seed 0 only" in out


@pytest.mark.parametrize("taken", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_refused(scenario: Path, tmp_path: Path, taken: str) -> None:
    (tmp_path / "file").write_text("mine")
    outcome = inferplan("run", scenario, "--out", tmp_path / taken)
    assert outcome.status == 2
    assert outcome.err.startswith(f"error: {tmp_path / taken}: ")
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "scenario.yaml"]


def test_ctrl_c_ends_with_130(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.cli.run.run", interrupted)
    outcome = inferplan("run", scenario)
    assert (outcome.status, outcome.err) == (130, "interrupted; nothing was written\n")


def test_a_reader_that_goes_away_is_no_error(scenario: Path) -> None:
    code = "import sys; sys.argv[0] = 'inferplan'; from simulator.cli.main import main; main()"
    command = [sys.executable, "-c", code, "run", str(scenario)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
