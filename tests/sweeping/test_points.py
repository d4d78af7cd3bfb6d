"""Ids and contents of points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import simulator
from simulator.scenario.schema import Scenario
from simulator.sweeping.points import Point, expand
from simulator.sweeping.study import read_study, study_of
from simulator.workload.generate import generate
from tests.sweeping.studies import tiny, write_study

TRACE = "arrival_s,prompt_tokens,output_tokens\n" + "".join(f"{i / 4},{100 + i},5\n" for i in range(21))


def only(scenario: Scenario, axes: dict[str, Any], seeds: int = 1) -> Point:
    (point,) = expand(study_of(scenario, axes, seeds=seeds))
    return point


def test_an_id_follows_from_what_is_run_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    one = only(tiny(), {"engine.max_num_seqs": [8]})
    assert only(tiny(engine={"max_num_seqs": 8}), {"hardware": ["h100"]}).id == one.id  # said in another way
    assert only(tiny(), {"engine.max_num_seqs": [9]}).id != one.id
    assert only(tiny(), {"engine.max_num_seqs": [8]}, seeds=2).id != one.id
    assert only(tiny(run={"seed": 1}), {"engine.max_num_seqs": [8]}).id != one.id
    monkeypatch.setattr(simulator, "__version__", "0.0.0")
    assert only(tiny(), {"engine.max_num_seqs": [8]}).id != one.id


def test_an_id_follows_the_content_of_files_not_their_place(tmp_path: Path) -> None:
    scenario = "model: llama-3.1-8b\nhardware: h100\nworkload: {trace: {path: %s}}\n"
    ids = []
    for folder, name, content in (("a", "t.csv", TRACE), ("b", "t.csv", TRACE), ("c", "t.csv", TRACE + "9,1,1\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(content)
        path = write_study(tmp_path / folder, "sweep: {replicas: [1]}\n", scenario % name)
        ids.append(expand(read_study(path))[0].id)
    assert ids[0] == ids[1] != ids[2]


def test_a_combination_that_asks_the_same_again_is_left_out() -> None:
    axes = {"workload.synthetic.arrival.rate_per_s": [5.0, 10.0], "rate": [20.0, 40.0]}
    points = expand(study_of(tiny(), axes))
    assert [(point.index, point.set["rate"]) for point in points] == [(0, 20.0), (1, 40.0)]


@pytest.mark.parametrize("kind", ["synthetic", "profile", "trace", "sessions"])
def test_a_rate_is_that_of_any_workload(tmp_path: Path, kind: str) -> None:
    (tmp_path / "t.csv").write_text(TRACE)
    sessions = {
        "num_sessions": 30,
        "arrival": {"kind": "poisson", "rate_per_s": 1.0},
        "turns": {"kind": "uniform", "low": 1, "high": 4},
        "user_tokens": 100,
        "output_tokens": 10,
    }
    workloads: dict[str, Any] = {
        "synthetic": tiny().model_dump()["workload"]["synthetic"],
        "profile": {"name": "azure-conv-2023", "num_requests": 50},
        "trace": {"path": str(tmp_path / "t.csv")},
        "sessions": sessions,
    }
    point = only(tiny(workload={kind: workloads[kind]}), {"rate": [12.5]})
    drawn = generate(Scenario(**point.scenario).workload_spec(), 0)
    assert drawn.offered_rate_per_s == pytest.approx(12.5)


def test_concurrency_closes_the_loop() -> None:
    point = only(tiny(workload="azure-conv-2023"), {"max_concurrency": [7]})
    assert generate(Scenario(**point.scenario).workload_spec(), 0).max_concurrency == 7


def test_paths_in_axes_are_relative_to_the_study(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(TRACE)
    axes = "sweep:\n  workload: [{trace: {path: one.csv}}, {trace: {path: two.csv}}]\n"
    points = expand(read_study(write_study(tmp_path, axes)))
    # Equal contents are one and the same question.
    assert [point.scenario["workload"]["trace"]["path"] for point in points] == [str(tmp_path / "one.csv")]
