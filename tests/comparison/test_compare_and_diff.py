"""A run against a measurement and against another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.comparison.against_bench import compare_with_bench, workload_mismatch
from simulator.comparison.between_runs import difference
from tests.cli.invoke import inferplan

SCENARIO = """
model: llama-3.1-8b
hardware: h100
workload:
  profile: {name: chat-short, num_requests: 60}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same traffic on an H100 in bf16 and on an H200 with fp8 weights."""
    folder = tmp_path_factory.mktemp("runs")
    scenario = folder / "scenario.yaml"
    scenario.write_text(SCENARIO)
    changed = ("--set", "hardware=h200", "--set", "dtypes.weights=fp8")
    for name, overrides in (("a", ()), ("b", changed)):
        done = inferplan("run", scenario, *overrides, "--out", folder / name, "--no-charts", "--quiet")
        assert done.status == 0, done.err
    return folder / "a", folder / "b"


def _summary(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_a_run_agrees_with_itself(runs: tuple[Path, Path]) -> None:
    mine = _summary(runs[0])
    rows = compare_with_bench(mine, mine)
    assert len(rows) > 20
    assert all(row.error == 0 and row.inside for row in rows)
    assert workload_mismatch(mine, mine) == []
    assert difference(mine, mine).sentences == ["nothing that matters differs"]


def test_errors_are_signed_and_the_band_is_the_runs_own(runs: tuple[Path, Path]) -> None:
    mine = _summary(runs[0])
    slower = {**mine, "mean_tpot_ms": mine["mean_tpot_ms"] * 1.25, "completed": 30}
    row = next(row for row in compare_with_bench(mine, slower) if row.name == "mean_tpot_ms")
    assert row.error == pytest.approx(-0.2)
    assert not row.inside
    assert (row.low, row.high) == (mine["mean_tpot_ms_low"], mine["mean_tpot_ms_high"])
    bare = {key: value for key, value in mine.items() if not key.endswith(("_low", "_high"))}
    row = next(row for row in compare_with_bench(bare, slower) if row.name == "mean_tpot_ms")
    assert [row.low / row.predicted, row.high / row.predicted] == pytest.approx(mine["provenance"]["step_time_band"])
    assert workload_mismatch(mine, slower) == ["the run has 60 requests, the measurement 30"]


def test_a_drawn_rate_may_miss_the_rate_asked_for_by_chance_only(runs: tuple[Path, Path]) -> None:
    mine = _summary(runs[0])
    asked = {**mine, "completed": mine["completed"], "burstiness": 1.0}
    assert workload_mismatch(mine, {**asked, "request_rate": mine["request_rate"] * 1.2}) == []
    twice = f"{2 * mine['request_rate']:.4g}"
    said = workload_mismatch(mine, {**asked, "request_rate": 2 * mine["request_rate"]})
    assert said == [f"the run was offered {mine['request_rate']:.4g} requests/s, the measurement {twice}"]


def test_the_operators_account_for_the_step(runs: tuple[Path, Path]) -> None:
    found = difference(_summary(runs[0]), _summary(runs[1]))
    assert found.operators[0].name == "gate_up"
    assert found.operators[0].change_ms < 0
    assert "the mean step takes" in found.sentences[0]
    assert any("KV cache holds" in sentence for sentence in found.sentences)
    total = sum(change.before_ms for change in found.operators)
    measured = _summary(runs[0])["mean_tpot_ms"]
    assert total == pytest.approx(measured, rel=0.2)


def test_commands(runs: tuple[Path, Path]) -> None:
    shown = inferplan("diff", *runs)
    assert shown.status == 0
    assert "mean_tpot_ms" in shown.out
    assert "gate_up" in shown.out
    compared = inferplan("compare", runs[0], runs[1] / "summary.json")
    assert compared.status == 0
    assert "in band" in compared.out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        ("{", "is not JSON"),
        ("[1]", "must hold a JSON object"),
        ('{"a": 1}', "is not a result of vllm bench serve"),
        ('{"request_throughput": "fast"}', "shares no metric"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_bad_measurements(runs: tuple[Path, Path], tmp_path: Path, content: str | None, message: str) -> None:
    bench = tmp_path / "bench.json"
    if content is not None:
        bench.write_text(content)
    done = inferplan("compare", runs[0], bench)
    assert done.status == 2
    assert message in done.err
    assert str(bench) in done.err


def test_bad_run_folder(runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text('{"mean_ttft_ms": 1}')
    done = inferplan("diff", tmp_path, runs[1])
    assert done.status == 2
    assert "is not the summary of an inferplan run" in done.err
