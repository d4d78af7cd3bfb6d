"""A plan: its answer, its folder, its words, and that the answer is that of an exhaustive search."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from simulator.importers.vllm_command import import_command
from simulator.planning.planner import plan
from simulator.planning.result import PlanResult
from simulator.planning.schema import Plan
from simulator.planning.search_limits import replicas_for
from simulator.scenario.schema import Scenario
from simulator.wiring import wire
from tests.planning.plans import MIX, small_plan


@pytest.fixture(scope="module")
def result() -> PlanResult:
    traffic = {"rate_per_s": 100.0, "growth_per_year": 0.5, "horizon_years": 1.0, "peak_to_mean": 1.6, "headroom": 0.05}
    return plan(small_plan(traffic=traffic, spare_replicas=1))


def test_the_fleet_carries_the_traffic(result: PlanResult) -> None:
    fleet = result.winner
    assert result.brief.rates.design == pytest.approx(100 * 1.5 * 1.6 * 1.05)
    assert fleet.replicas == fleet.active + 1
    assert (fleet.active, True) in fleet.examined.confirmed.tried
    assert fleet.examined.per_replica * fleet.active >= result.brief.rates.design * (1 - 1e-9)
    assert fleet.examined.peak.met
    assert fleet.examined.peak.rate == result.brief.rates.peak
    assert fleet.devices == fleet.replicas * fleet.configuration.tensor_parallel_size
    assert [fleet.order for fleet in result.fleets] == sorted(fleet.order for fleet in result.fleets)


def test_energy_and_dollars_are_of_the_same_tokens(result: PlanResult) -> None:
    fleet = result.winner
    assert fleet.watts is not None
    assert fleet.joules_per_token is not None
    assert fleet.usd_per_hour is not None
    assert fleet.usd_per_million_tokens is not None
    tokens_per_s = 1e6 * fleet.usd_per_hour / 3600.0 / fleet.usd_per_million_tokens
    assert fleet.joules_per_token * tokens_per_s == pytest.approx(fleet.watts)
    assert fleet.grams_per_request is not None
    grid_kg_per_kwh = fleet.examined.mean.summary["economics"]["assumptions"]["grid"]["kg_per_kwh"]
    grams_per_s = fleet.watts / 3.6e6 * grid_kg_per_kwh * 1e3
    assert fleet.grams_per_request * result.brief.rates.mean == pytest.approx(grams_per_s, rel=1e-3)


def test_every_candidate_has_a_verdict(result: PlanResult) -> None:
    table = result.candidates
    assert len(table) == 8
    assert table["verdict"].tolist()[:2] == ["winner", "runner-up"]
    assert table["reason"].str.len().min() > 0
    known = table["objective"].dropna()
    assert known.min() == known.iloc[0] == pytest.approx(result.winner.objective)
    assert (table["objective_at_least"] >= result.winner.objective * (1 - 1e-9)).all()
    known = table.dropna(subset=["capacity_per_replica_per_s"])
    assert (known["capacity_per_replica_per_s"] <= known["bound_per_replica_per_s"]).all()


def test_words_say_what_binds_and_how_sure(result: PlanResult) -> None:
    text = result.explain()
    for part in (
        "Cheapest: ",
        "What binds one replica",
        "Runner-up: ",
        "What would change it",
        "How sure",
        "1 replica ",
    ):
        assert part in text
    assert result.winner.row.prospect.device in text.splitlines()[0]
    assert "<script" not in result._repr_html_()


def test_the_folder(result: PlanResult, tmp_path: Path) -> None:
    result.save(tmp_path / "plan")
    found = {str(path.relative_to(tmp_path / "plan")) for path in (tmp_path / "plan").rglob("*") if path.is_file()}
    assert found == {
        "plan.json", "candidates.csv", "plan.resolved.yaml", "scenario.winner.yaml", "launch/vllm-serve.sh",
        "launch/values.yaml", "cost_slo.png", "cost_slo.svg", "fleet_cost.png", "fleet_cost.svg",
    }  # fmt: skip
    content = json.loads((tmp_path / "plan/plan.json").read_text())
    assert content["winner"]["replicas"] == result.winner.replicas
    assert [row["year"] for row in content["growth"]] == [0, 1]
    assert content["growth"][-1]["replicas"] == result.winner.replicas
    rows = list(csv.DictReader((tmp_path / "plan/candidates.csv").read_text().splitlines()))
    assert [row["verdict"] for row in rows] == [row["verdict"] for row in content["candidates"]]
    assert Plan.from_yaml(tmp_path / "plan/plan.resolved.yaml").model_dump() == result.brief.plan.model_dump()
    again = Scenario.from_yaml(tmp_path / "plan/scenario.winner.yaml")
    assert (again.replicas, again.workload_spec().synthetic.arrival.rate_per_s) == (  # type: ignore[union-attr]
        result.winner.replicas,
        pytest.approx(result.brief.rates.peak),
    )


def test_the_launch_command_reads_back(result: PlanResult) -> None:
    imported = import_command(json.loads(result.to_json())["launch"])
    assert not imported.notes
    scenario = Scenario(**imported.sections, hardware=result.winner.configuration.hardware, workload=MIX)
    ours, theirs = wire(scenario), wire(result.winner.scenario)
    assert ours.engine == theirs.engine
    assert ours.deployment.dtypes == theirs.deployment.dtypes
    assert ours.deployment.tensor_parallel_size == theirs.deployment.tensor_parallel_size


def test_the_helm_values(result: PlanResult, tmp_path: Path) -> None:
    result.save(tmp_path, charts=False)
    decode = yaml.safe_load((tmp_path / "launch/values.yaml").read_text())["decode"]
    container = decode["containers"][0]
    assert decode["replicas"] == result.winner.replicas
    assert container["resources"]["limits"] == {"nvidia.com/gpu": str(result.winner.configuration.tensor_parallel_size)}
    words = " ".join(container["args"])
    assert f"--max-num-seqs {result.winner.scenario.engine.max_num_seqs}" in words
    assert words in json.loads(result.to_json())["launch"]


@pytest.mark.slow
def test_workers_change_nothing(result: PlanResult) -> None:
    again = plan(result.brief.plan, workers=2)
    assert again.to_json() == result.to_json()


@pytest.mark.slow
@pytest.mark.parametrize("minimize", ["cost", "energy"])
def test_pruning_finds_what_an_exhaustive_search_finds(minimize: str) -> None:
    """2 devices x 2 degrees of parallelism x 2 formats x 4 engine limits; every capacity searched, or few."""
    space = {"max_num_seqs": [None, 32], "max_num_batched_tokens": [None, 1024]}
    pruned = plan(small_plan(minimize=minimize, space=space))
    exhaustive = plan(small_plan(minimize=minimize, space=space, search={"exhaustive": True}))
    assert len(exhaustive.ranking.known) == 8
    assert all(one.capacity is not None for row in exhaustive.ranking.rows for one in row.found.tried)  # type: ignore[union-attr]
    for found in (pruned, exhaustive):
        assert found.winner.configuration == exhaustive.winner.configuration
        assert found.winner.replicas == exhaustive.winner.replicas
        assert found.winner.objective == pytest.approx(exhaustive.winner.objective)
    assert pruned.ranking.effort.runs < exhaustive.ranking.effort.runs
    # What was set aside is no better than its bound says.
    truth = {row.prospect.configuration: row for row in exhaustive.ranking.rows}
    for row in pruned.ranking.rows:
        assert truth[row.prospect.configuration].at_least >= row.at_least * (1 - 1e-9)


def test_fewer_replicas_never_carry_more() -> None:
    assert [replicas_for(100.0, each) for each in (10.0, 33.4, 100.0, 1000.0)] == [10, 3, 1, 1]


def test_a_policy_without_a_bound_is_planned_by_runs_alone() -> None:
    space = {"tensor_parallel_size": [1], "weights": ["auto"]}
    found = plan(small_plan(hardware=["l40s"], engine={"policy": "sarathi"}, traffic={"rate_per_s": 20.0}, space=space))
    content = json.loads(found.to_json())
    assert content["winner"]["bound_per_replica_per_s"] is None
    assert content["launch"] is None
    assert found.candidates["verdict"].tolist() == ["winner"]
    assert found.winner.examined.peak.met
