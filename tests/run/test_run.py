"""``run``: the same question gives the same answer; seeds, tables, files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from simulator import Scenario, run
from simulator.errors import InputError
from simulator.result import CHART_FILES
from tests.run.scenarios import small, with_arrival

TABLES = {"summary.json", "requests.csv.gz", "timeseries.csv.gz", "scenario.resolved.yaml"}


def without_timing(folder: Path) -> dict[str, bytes]:
    """Content of every file; ``timing`` taken out of the summary."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    summary = json.loads(files["summary.json"])
    assert set(summary.pop("timing")) == {"wall_s", "requests_per_wall_s", "engine_steps"}
    return files | {"summary.json": json.dumps(summary).encode()}


def test_same_scenario_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        run(small()).save(tmp_path / name)
    assert without_timing(tmp_path / "a") == without_timing(tmp_path / "b")
    assert {path.name for path in (tmp_path / "a").iterdir()} == TABLES | CHART_FILES


def test_the_resolved_scenario_gives_the_same_result(tmp_path: Path) -> None:
    run(small(engine={"speculative_config": {"num_speculative_tokens": 2, "acceptance": 0.6}})).save(
        tmp_path / "a", charts=False
    )
    run(Scenario.from_yaml(tmp_path / "a" / "scenario.resolved.yaml")).save(tmp_path / "b", charts=False)
    assert without_timing(tmp_path / "a") == without_timing(tmp_path / "b")


def test_another_seed_gives_another_result() -> None:
    results = [run(small(run={"seed": seed})).summary["mean_ttft_ms"] for seed in (0, 1)]
    assert results[0] != results[1]


def test_tables_agree_with_the_summary(tmp_path: Path) -> None:
    result = run(small(requests=200, rate=20))
    requests, series, summary = result.requests, result.timeseries, result.summary
    assert requests["ttft_ms"].mean() == pytest.approx(summary["mean_ttft_ms"])
    assert requests["tpot_ms"].quantile(0.99) == pytest.approx(summary["p99_tpot_ms"])
    assert requests["queue_time_ms"].median() == pytest.approx(summary["median_queue_time_ms"])
    assert requests["output_tokens"].sum() == summary["total_output_tokens"]
    assert series["generation_tokens"].iloc[-1] == summary["total_output_tokens"]
    assert series["prompt_tokens"].iloc[-1] == summary["total_input_tokens"]
    busy = np.diff(series["time_s"], prepend=0.0)
    assert np.average(series["num_requests_running"], weights=busy) == pytest.approx(
        summary["mean_num_requests_running"], rel=0.02
    )
    result.save(tmp_path / "out", charts=False)
    text = gzip.decompress((tmp_path / "out" / "requests.csv.gz").read_bytes()).decode()
    assert text.count("\n") == 201
    assert text.startswith("request,arrival_s,prompt_tokens,output_tokens,cached_tokens,queue_time_ms,ttft_ms,tpot_ms,")


@pytest.mark.parametrize("engine", [{}, {"num_gpu_blocks_override": 120, "enable_prefix_caching": False}])
def test_littles_law_holds_over_the_whole_run(engine: dict[str, object]) -> None:
    """Mean number in system = throughput x mean time in system (API delivery, in no queue of the engine, left out)."""
    result = run(small(requests=200, rate=20, prompt=200, output=400, engine=engine))
    summary, requests = result.summary, result.requests
    assert bool(engine) == bool(summary["num_preemptions"])
    inside_s = summary["duration"] * (summary["mean_num_requests_running"] + summary["mean_num_requests_waiting"])
    seconds = requests["e2el_ms"].sum() / 1e3 - 200 * result.records.log.delivery_s
    assert inside_s == pytest.approx(seconds, rel=1e-9)
    if not engine:
        waited_s = summary["duration"] * summary["mean_num_requests_waiting"]
        assert waited_s == pytest.approx(requests["queue_time_ms"].sum() / 1e3)
        assert waited_s > 0


def test_several_seeds_give_means_and_intervals() -> None:
    singles = [run(small(run={"seed": seed})).summary for seed in (3, 4, 5)]
    summary = run(small(run={"seed": 3}), seeds=3).summary
    assert summary["seeds"] == [3, 4, 5]
    assert summary["peak_num_requests_running"] == max(one["peak_num_requests_running"] for one in singles)
    assert (summary["completed"], type(summary["completed"])) == (60, int)
    for key in ("completed", "request_rate", "peak_num_requests_running", "kv_cache_usage_peak", "num_preemptions"):
        assert key not in summary["seeds_ci95"]
    ttfts = [one["mean_ttft_ms"] for one in singles]
    assert summary["mean_ttft_ms"] == pytest.approx(np.mean(ttfts))
    low, high = summary["seeds_ci95"]["mean_ttft_ms"]
    # t(0.975, 2) = 4.3027
    assert (high - low) / 2 == pytest.approx(4.3027 * np.std(ttfts, ddof=1) / 3**0.5, rel=1e-4)


def test_seeds_that_change_nothing_are_named() -> None:
    summary = run(with_arrival({"kind": "offline"}, requests=10), seeds=2).summary
    assert "nothing in this scenario is drawn at random" in summary["notes"][-1]
    once = run(with_arrival({"kind": "offline"}, requests=10)).summary
    assert summary["timing"]["engine_steps"] == once["timing"]["engine_steps"]  # simulated once
    with pytest.raises(InputError, match="at least 1"):
        run(small(), seeds=0)


def test_drawn_progress_is_simulated_for_every_seed() -> None:
    """The same requests, but the accepted drafts are drawn."""
    engine = {"speculative_config": {"num_speculative_tokens": 2, "acceptance": 0.6}}
    summary = run(with_arrival({"kind": "offline"}, requests=10, engine=engine), seeds=2).summary
    low, high = summary["seeds_ci95"]["mean_tpot_ms"]
    assert low < high


def test_a_result_is_printed_short() -> None:
    result = run(small(requests=20, dtypes={"weights": "fp8"}))
    text = repr(result)
    assert text.startswith("Llama-3.1-8B on H100-SXM5-80GB (weights fp8, activations fp8, KV bf16): 20 ")
    assert len(text) < 1000
    assert "throughput" in text
    assert any("activations are fp8" in note for note in result.summary["notes"])
    again = run(result.scenario).summary
    assert again["notes"] == result.summary["notes"]
    assert not any("activations" in note for note in run(small(requests=20)).summary["notes"])


def test_refused_requests_say_why() -> None:
    scenario = small(requests=20, engine={"max_model_len": 540})
    result = run(small(requests=5, prompt=600, engine={"max_model_len": 540}))
    assert set(result.requests["status"]) == {"refused"}
    assert any(note.startswith("5 requests were refused") for note in result.summary["notes"])
    one = run(small(requests=1, prompt=600, engine={"max_model_len": 540})).summary["notes"]
    assert any(note.startswith("1 request (row 0) was refused") for note in one)
    assert result.requests["refusal"].str.contains("max_model_len 540").all()
    assert run(scenario).summary["failed"] == 0


def test_progress_is_told_over_all_seeds() -> None:
    seen: list[tuple[float, int, int]] = []
    run(small(requests=600), seeds=2, on_progress=lambda *progress: seen.append(progress))
    assert seen[-1][1:] == (1200, 1200)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    seen.clear()
    run(with_arrival({"kind": "offline"}), seeds=3, on_progress=lambda *progress: seen.append(progress))
    assert [done for _, done, _ in seen] == [60, 120, 180]


def test_an_existing_folder_keeps_what_is_not_ours(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    result = run(small(requests=20))
    result.save(folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "summary.json").write_text("old")
    result.save(folder, charts=False)
    assert {path.name for path in folder.iterdir()} == TABLES | {"notes.txt"}
    assert json.loads((folder / "summary.json").read_text())["completed"] == 20


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(small(requests=20))

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left on device"):
        result.save(tmp_path / "out", charts=False)
    assert list(tmp_path.iterdir()) == []


def test_summary_json_and_html() -> None:
    result = run(small(requests=20))
    content = json.loads(result.summary_json())
    assert content["provenance"]["model"]["name"]
    assert content["request_rate"] == 5.0
    page = result._repr_html_()
    assert "<table>" in page
    assert "TTFT" in page


def test_resolved_yaml_is_plain_yaml(tmp_path: Path) -> None:
    run(small(requests=5)).save(tmp_path / "out", charts=False)
    content = yaml.safe_load((tmp_path / "out" / "scenario.resolved.yaml").read_text())
    assert content["engine"]["max_num_seqs"] == 1024
