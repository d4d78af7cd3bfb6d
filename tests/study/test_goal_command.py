"""``inferplan goal``: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.invoke import inferplan

SCENARIO = """\
model: llama-3.1-8b
hardware: h100
workload:
  synthetic:
    num_requests: 200
    arrival: {kind: poisson, rate_per_s: 20}
    prompt_tokens: 300
    output_tokens: 10
"""
QUICK = ("--tolerance", "0.2", "--seeds", "2")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    return path


def test_text_files_and_charts(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = inferplan("goal", scenario, "--goal", "ttft:p90<150ms", *QUICK, "--out", out)
    assert (done.status, done.err) == (0, "")
    assert "goals: ttft:p90<150ms; maximized: rate (requests/s)" in done.out
    assert "Capacity is " in done.out
    assert "95 % interval" in done.out
    assert "The server's limit there: " in done.out
    charts = {f"{name}.{kind}" for name in ("latency_load", "goodput_load") for kind in ("png", "svg")}
    assert {path.name for path in out.iterdir()} == charts | {"goal.json", "points.csv", "scenario.resolved.yaml"}
    content = json.loads((out / "goal.json").read_text())
    assert content["status"] == "found"
    assert content["interval_95"][0] <= content["load"] <= content["interval_95"][1]
    rows = list(csv.DictReader((out / "points.csv").open()))
    search = [row for row in rows if row["role"] == "search"]
    assert len(search) == content["work"]["runs"]
    assert sum(int(row["engine_steps"]) for row in search) == content["work"]["engine_steps"]
    met_up_to = content["met_by_all_seeds_up_to"]
    near = [
        row for row in search if row["ended"] == "complete" and float(row["load"]) == pytest.approx(met_up_to, 1e-4)
    ]
    assert near
    assert all(float(row["ttft:p90<150ms"]) < 150 for row in near)
    assert {row["met"] for row in rows if row["role"] == "chart"} == {"yes", "no"}


def test_a_growing_backlog_is_marked_in_the_table(scenario: Path) -> None:
    """The only goal is generous: what is missed beyond the answer is stability, and the table says so."""
    done = inferplan("goal", scenario, "--goal", "ttft:p90<60s", *QUICK)
    head, *rows = [line for line in done.out.splitlines() if line.endswith((" backlog", " growing", " steady"))]
    met: dict[str, set[bool]] = {backlog: set() for backlog in ("growing", "steady")}
    for row in rows:
        cells = row.split()
        met[cells[-1]].add(int.__eq__(*map(int, cells[1].split("/"))))
    assert head.split() == ["requests/s", "seeds", "met", "ttft:p90<60s", "backlog"]
    assert met == {"growing": {False}, "steady": {True}}


def test_json_says_the_same_every_time(scenario: Path) -> None:
    runs = [inferplan("goal", scenario, "--goal", "tpot:mean<15ms", *QUICK, "--json") for _ in range(2)]
    assert runs[0].out == runs[1].out
    assert json.loads(runs[0].out)["goals"] == ["tpot:mean<15ms"]


def test_the_slo_of_the_scenario_is_a_goal(scenario: Path) -> None:
    done = inferplan("goal", scenario, "--set", "slo.ttft_ms=100", *QUICK)
    assert "goals: goodput>=0.99; " in done.out
    assert "no --goal given" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--goal", "ttfs:p95<3ms"), "did you mean 'ttft'?"),
        (("--goal", "goodput>=0.9"), "needs objectives"),
        (("--goodput", "itl:3"), "--goodput: must be pairs of"),
        (("--maximize", "load"), "--maximize: must be one of rate, concurrency, goodput"),
        (("--goal", "ttft<1s", "--low", "9", "--high", "3"), "--high: must be at least --low (9)"),
        (("--set", "workload.synthetic.num_requests=20"), "too few requests"),
        (("--set", "workload.synthetic.prompt_tokens=200000"), "no request can be served"),
    ],
)
def test_refusals(scenario: Path, arguments: tuple[str, ...], message: str) -> None:
    done = inferplan("goal", scenario, *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
