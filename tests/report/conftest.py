"""Small folders of every kind, and a page whose every text is an attack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.pages.files import report_texts
from simulator.report.page.document import Page
from simulator.scenario.schema import Scenario
from simulator.study.find import find
from simulator.study.question import ask
from simulator.study.tables import answer_json, points_csv
from simulator.wiring import wire
from tests.cli.invoke import inferplan
from tests.report.hostile import hostile_page
from tests.report.plan_content import plan_content

SCENARIO = """
model: llama-3.1-8b
hardware: h100
workload:
  profile: {name: chat-short, num_requests: 300}
slo: {ttft_ms: 100, tpot_ms: 20}
"""


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario file with objectives."""
    file = tmp_path_factory.mktemp("report") / "scenario.yaml"
    file.write_text(SCENARIO)
    return file


@pytest.fixture(scope="session")
def run_folder(scenario: Path) -> Path:
    """Written by ``inferplan run --out``."""
    done = inferplan("run", scenario, "--out", scenario.parent / "run", "--no-charts", "--quiet")
    assert done.status == 0, done.err
    return scenario.parent / "run"


@pytest.fixture(scope="session")
def goal_folder(scenario: Path) -> Path:
    """As ``inferplan goal --out`` writes it, but for the charts."""
    folder = scenario.parent / "goal"
    folder.mkdir()
    goals = ["ttft:p95<100ms", "goodput>=0.9"]
    answer = find(ask(Scenario.from_yaml(scenario), goals, seeds=2, tolerance=0.2), curve=True)
    (folder / "goal.json").write_text(answer_json(answer))
    (folder / "points.csv").write_text(points_csv(answer))
    (folder / "scenario.resolved.yaml").write_text(wire(Scenario.from_yaml(scenario)).scenario.to_yaml())
    return folder


@pytest.fixture(scope="session")
def sweep_folder(scenario: Path) -> Path:
    """Written by ``inferplan sweep --out``; every other point fails: 32 heads cannot be split over three devices."""
    axes = ("--set", "hardware=h100,a100", "--set", "engine.max_num_seqs=2,4,300")
    failing = ("--set", "parallel.tensor_parallel_size=1,3", "--set", "workload.profile.num_requests=60")
    folder = scenario.parent / "sweep"
    done = inferplan("sweep", scenario, *axes, *failing, "--workers", "1", "--out", folder, "--quiet")
    assert (folder / "summary.csv").is_file(), done.err
    return folder


@pytest.fixture(scope="session")
def plan_folder(scenario: Path) -> Path:
    """A plan.json of the published layout, with the launch files beside it."""
    folder = scenario.parent / "plan"
    (folder / "launch").mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps(plan_content()))
    (folder / "plan.resolved.yaml").write_text("model: llama-3.1-8b\n")
    (folder / "launch" / "vllm-serve.sh").write_text("vllm serve meta-llama/Llama-3.1-8B-Instruct\n")
    return folder


@pytest.fixture(scope="session")
def reports(run_folder: Path, goal_folder: Path, sweep_folder: Path, plan_folder: Path) -> dict[str, tuple[str, str]]:
    """HTML and Markdown of a folder of each kind."""
    return {folder.name: report_texts(folder) for folder in (run_folder, goal_folder, sweep_folder, plan_folder)}


@pytest.fixture(scope="session")
def hostile() -> Page:
    """See ``tests.report.hostile``."""
    return hostile_page()
