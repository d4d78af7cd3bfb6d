"""What a sweep finds: the numbers of single runs, whoever ran them and in whatever order."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.runner import run
from simulator.scenario.schema import Scenario
from simulator.sweeping import SweepResult, load, sweep
from simulator.sweeping.points import expand
from simulator.sweeping.study import read_study
from tests.sweeping.studies import tiny, write_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 points, half of which cannot be run, done by this process alone."""
    home = tmp_path_factory.mktemp("sweep")
    sweep(write_study(home), workers=1, out=home / "one")
    return home


@pytest.fixture(scope="module")
def result(folder: Path) -> SweepResult:
    return load(folder / "one")


def test_two_workers_write_the_same_table(folder: Path) -> None:
    sweep(folder / "study.yaml", workers=2, out=folder / "two")
    for name in ("summary.csv", "sweep.json", "study.resolved.yaml"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()
    both = [sorted((folder / name / "points.jsonl").read_text().splitlines()) for name in ("one", "two")]
    assert both[0] == both[1]


def test_the_resolved_study_gives_the_same_table(folder: Path) -> None:
    again = sweep(folder / "one" / "study.resolved.yaml")
    assert again.to_csv() == (folder / "one" / "summary.csv").read_text()


def test_a_point_is_the_run_of_its_scenario(folder: Path, result: SweepResult) -> None:
    points = {point.id: point for point in expand(read_study(folder / "study.yaml"))}
    for row in result.done[::5]:
        alone = run(Scenario(**points[row.id].scenario))
        assert row.title == alone.title
        numbers = {key: value for key, value in alone.summary.items() if isinstance(value, int | float)}
        assert {key: row.metrics[key] for key in numbers} == numbers
        assert row.metrics["tok_s_user"] == pytest.approx(1000 / alone.summary["mean_tpot_ms"])
        assert row.metrics["tok_s_gpu"] == pytest.approx(alone.summary["output_throughput"])


def test_figures_per_device_are_per_device() -> None:
    axes = {"rate": [20.0], "shape": [{"parallel.tensor_parallel_size": 2, "replicas": 3}]}
    (row,) = sweep(tiny(), axes).done
    assert row.metrics["devices"] == 6
    assert row.metrics["tok_s_gpu"] == pytest.approx((row.metrics["output_throughput"] or 0) / 6)
    assert row.metrics["total_tok_s_gpu"] == pytest.approx((row.metrics["total_token_throughput"] or 0) / 6)


def test_seeds_are_averaged() -> None:
    several = sweep(tiny(), {"rate": [5.0]}, seeds=3).done[0].metrics
    singles = [sweep(tiny(run={"seed": seed}), {"rate": [5.0]}).done[0].metrics for seed in range(3)]
    mean = sum(one["mean_ttft_ms"] or math.nan for one in singles) / 3
    assert several["mean_ttft_ms"] == pytest.approx(mean)
    assert len({one["mean_ttft_ms"] for one in singles}) == 3


def test_points_that_cannot_be_run_are_rows_with_their_reason(result: SweepResult) -> None:
    assert {row.set["parallel.tensor_parallel_size"] for row in result.failed} == {3}
    assert {row.set["parallel.tensor_parallel_size"] for row in result.done} == {1}
    assert all("tensor_parallel_size" in (row.error or "") and not row.metrics for row in result.failed)
    assert result.content["counts"] == {"planned": 36, "ok": 18, "error": 18}


def test_combinations_the_schema_refuses_are_rows_too() -> None:
    drafts = {"num_speculative_tokens": 2, "acceptance": 0.5}
    axes = {"engine.async_scheduling": [True, False], "engine.speculative_config": [None, drafts]}
    result = sweep(tiny(), axes)
    assert [row.status for row in result.rows] == ["ok", "error", "ok", "ok"]
    assert (result.failed[0].error or "").startswith(
        "engine.async_scheduling: speculation needs synchronous scheduling"
    )


def test_a_server_that_serves_nobody_is_an_error() -> None:
    (row,) = sweep(tiny(), {"engine.max_model_len": [16]}).rows
    assert (row.error or "").startswith("workload: no request can be served")


def test_the_folder_holds_what_it_promises(folder: Path, result: SweepResult) -> None:
    rows = [json.loads(line) for line in (folder / "one" / "points.jsonl").read_text().splitlines()]
    assert all(list(row) == ["id", "index", "set", "status", "error", "metrics", "title"] for row in rows)
    content = json.loads((folder / "one" / "sweep.json").read_text())
    keys = ["hardware", "engine.max_num_seqs", "rate", "parallel.tensor_parallel_size"]
    assert [(axis["key"], axis["kind"]) for axis in content["axes"]] == [
        (key, "linspace" if key == "rate" else "list") for key in keys
    ]
    units = {metric["name"]: (metric["unit"], metric["better"]) for metric in content["metrics"]}
    assert units["tok_s_user"] == ("tokens/s/user", "high")
    assert units["p99_ttft_ms"] == ("ms", "low")
    assert units["usd_per_million_output_tokens"] == ("$/M tokens", "low")
    table = list(csv.DictReader(io.StringIO((folder / "one" / "summary.csv").read_text())))
    assert list(table[0]) == ["index", "id", "status", *keys, *units, "error"]
    assert [int(row["index"]) for row in table] == list(range(36))
    assert all(unit or name == "num_preemptions" or name == "burstiness" for name, (unit, _) in units.items())


def test_the_table_as_a_frame(result: SweepResult) -> None:
    points = result.points
    assert points.shape[0] == 36
    assert points.loc[0, "hardware"] == "v100"
    assert points.loc[points["status"] == "error", "tok_s_gpu"].isna().all()
    best = result.best()
    assert best.iloc[0]["tok_s_gpu"] == points["tok_s_gpu"].max()
    assert result.best("p99_ttft_ms", n=3)["p99_ttft_ms"].is_monotonic_increasing
    assert "18 of 36 points, 18 failed; best tok_s_gpu" in repr(result)
    assert "<table" in result._repr_html_()


def test_the_frontier_as_a_frame(result: SweepResult) -> None:
    table = result.pareto()
    assert table["tok_s_user"].is_monotonic_decreasing
    assert table["tok_s_gpu"].is_monotonic_increasing
    assert table["knee"].sum() <= 1
    cheap = result.pareto("usd_per_million_output_tokens", "p99_ttft_ms")
    assert cheap["usd_per_million_output_tokens"].is_monotonic_increasing
    with pytest.raises(InputError, match="did you mean 'tok_s_user'"):
        result.pareto("tok_s_usr")
    with pytest.raises(InputError, match="no point has"):
        result.pareto("request_goodput")


def test_goodput_ranks_where_there_are_objectives() -> None:
    result = sweep(tiny(slo={"ttft_ms": 200}), {"engine.max_num_seqs": [1, 64]})
    assert result.ranked_by.name == "request_goodput"


def test_failed_points_are_run_again_when_asked(folder: Path) -> None:
    from simulator.sweeping.crews import ThisProcess
    from simulator.sweeping.runner import plan_sweep, run_plan

    axes = "sweep: {parallel.tensor_parallel_size: [1, 3]}\n"
    home = folder / "again"
    home.mkdir()
    plan = plan_sweep(read_study(write_study(home, axes)))
    for retry, lines in ((False, 2), (False, 2), (True, 3)):
        result = run_plan(plan, ThisProcess(), out=home / "sweep", resume=True, retry_errors=retry)
        assert len((home / "sweep" / "points.jsonl").read_text().splitlines()) == lines
        assert (
            [row.status for row in result.rows] == [row.status for row in load(home / "sweep").rows] == ["ok", "error"]
        )


@pytest.mark.parametrize(
    ("axes", "workers", "message"),
    [([1], 1, "axes: must map dotted keys to values"), ({"rate": [1]}, 0, "workers: must be at least 1")],
)
def test_mistakes_in_python_are_said_in_words(axes: Any, workers: int, message: str) -> None:
    chat = {"profile": {"name": "chat-short", "num_requests": 20}}
    with pytest.raises(InputError, match=message):
        sweep(Scenario(model="llama-3.1-8b", hardware="h100", workload=chat), axes, workers=workers)
