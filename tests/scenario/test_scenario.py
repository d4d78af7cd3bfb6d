"""Scenarios from files and from Python, overrides, resolution."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simulator import Scenario
from simulator.errors import InputError
from simulator.workload.arrivals import PoissonArrivals
from simulator.workload.lengths import FixedLength, LogNormalLength
from simulator.workload.spec import ProfileSpec, SyntheticSpec, WorkloadSpec
from simulator.yaml_document import parse_yaml
from tests.run.scenarios import small

DOCS = Path(__file__).resolve().parents[2] / "docs" / "scenarios"


def write(folder: Path, text: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(text)
    return path


MINIMAL = "model: llama-3.1-8b\nhardware: h100\nworkload: chat-short\n"


def test_a_bare_name_is_a_profile(tmp_path: Path) -> None:
    scenario = Scenario.from_yaml(write(tmp_path, MINIMAL))
    assert scenario.workload_spec() == WorkloadSpec(profile=ProfileSpec("chat-short"))
    assert scenario == Scenario(model="llama-3.1-8b", hardware="h100", workload="chat-short")


def test_sections_left_empty_hold_their_defaults(tmp_path: Path) -> None:
    assert Scenario.from_yaml(write(tmp_path, MINIMAL + "engine:\nslo: null\n")).engine.block_size == 16


def test_a_spec_from_python_and_short_forms_from_yaml_mean_the_same(tmp_path: Path) -> None:
    spec = WorkloadSpec(
        synthetic=SyntheticSpec(8, PoissonArrivals(2.5), FixedLength(100), LogNormalLength(50, 0.5, max_tokens=400))
    )
    text = """
workload:
  synthetic:
    num_requests: 8
    arrival: {kind: poisson, rate_per_s: 2.5}
    prompt_tokens: 100
    output_tokens: {kind: lognormal, mean: 50, cv: 0.5, max_tokens: 400}
"""
    read = Scenario.from_yaml(write(tmp_path, "model: a\nhardware: b\n" + text))
    assert read.workload_spec() == spec
    assert Scenario(model="a", hardware="b", workload=spec) == read


def test_overrides_apply_in_order_and_dashes_are_underscores(tmp_path: Path) -> None:
    sets = ["engine.max-num-seqs=8", "engine.max_num_seqs=16", "slo.ttft_ms=1e2", "run={seed: 7}", "replicas=2"]
    scenario = Scenario.from_yaml(write(tmp_path, MINIMAL), sets)
    assert scenario.engine.max_num_seqs == 16
    assert (scenario.slo.ttft_ms, scenario.run.seed, scenario.replicas) == (100.0, 7, 2)


def test_one_acceptance_holds_for_every_draft() -> None:
    engine = small(engine={"speculative_config": {"num_speculative_tokens": 3, "acceptance": 0.5}}).engine
    assert engine.speculative_config is not None
    assert engine.speculative_config.acceptance == [0.5, 0.5, 0.5]


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "trace.csv").write_text("arrival_s,prompt_tokens,output_tokens\n0,5,2\n1,6,3\n")
    path = write(folder, "model: mine/config.json\nhardware: h100\nworkload: {trace: {path: trace.csv}}\n")
    monkeypatch.chdir(tmp_path)
    scenario = Scenario.from_yaml("deep/scenario.yaml")
    assert scenario.model == str(folder / "mine/config.json")
    trace = scenario.workload_spec().trace
    assert trace is not None
    assert trace.path == folder / "trace.csv"
    assert path.exists()


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"engine": {"policy": "sarathi", "max_num_seqs": 7}},
        {"engine": {"speculative_config": {"num_speculative_tokens": 2, "acceptance": 0.7}}},
        {"dtypes": {"weights": "fp8"}, "parallel": {"tensor_parallel_size": 2}},
        {"model": "qwen2.5-7b", "hardware": "a100", "engine": {"enable_chunked_prefill": False}},
    ],
)
def test_resolved_is_complete_and_resolves_to_itself(sections: dict) -> None:
    resolved = small(**sections).resolved()
    for name in ("max_num_seqs", "max_num_batched_tokens", "max_model_len", "async_scheduling"):
        assert getattr(resolved.engine, name) is not None
    assert "auto" not in resolved.dtypes.model_dump().values()
    again = Scenario(**yaml.safe_load(resolved.to_yaml()))
    assert again == resolved
    assert again.resolved() == resolved


def test_defaults_are_vllms() -> None:
    h100, a100 = small().resolved().engine, small(hardware="a100").resolved().engine
    assert (h100.max_num_batched_tokens, h100.max_num_seqs, h100.async_scheduling) == (8192, 1024, True)
    assert (a100.max_num_batched_tokens, a100.max_num_seqs) == (2048, 256)
    drafts = {"speculative_config": {"num_speculative_tokens": 2, "acceptance": 0.7}}
    assert small(engine=drafts).resolved().engine.async_scheduling is False


def test_errors_of_other_rooms_get_file_and_line(tmp_path: Path) -> None:
    scenario = Scenario.from_yaml(write(tmp_path, MINIMAL + "parallel:\n  tensor_parallel_size: 3\n"))
    with pytest.raises(InputError) as caught:
        scenario.resolved()
    assert str(caught.value).startswith(f"{tmp_path}/scenario.yaml:5: parallel.tensor_parallel_size: must divide")


def test_mistakes_from_python_are_input_errors_too() -> None:
    with pytest.raises(InputError, match=r"engine.polcy: is not a known key"):
        Scenario(model="a", hardware="b", workload="c", engine={"polcy": "orca"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E3", 1000.0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("12", 12),
        ("-3", -3),
        ("1_000", 1000),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.2.3", "1.2.3"),
        ("e3", "e3"),
        ("true", True),
        ("null", None),
        ("'1'", "1"),
        ("{a: [1, b]}", {"a": [1, "b"]}),
    ],
)
def test_yaml_values(text: str, value: object) -> None:
    found = parse_yaml(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_scenario_resolves(path: Path) -> None:
    assert Scenario.from_yaml(path).resolved().engine.max_num_seqs
