"""``inferplan init``: the file runs as it is, its comments are true, nothing is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from simulator.reference.commented import WORKLOADS
from simulator.scenario.schema import Scenario
from tests.cli.invoke import inferplan


def test_it_runs_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    made = inferplan("init", file, "--workload", "chat-short", "--tp", "2", "--hardware", "h200")
    assert (made.status, made.err) == (0, "")
    done = inferplan("run", file, "--set", "workload.profile.num_requests=20", "--json")
    assert done.status == 0
    assert '"completed": 20' in done.out


def test_every_comment_is_the_default(tmp_path: Path) -> None:
    """Taking every # away changes nothing."""
    file, plain = tmp_path / "a.yaml", tmp_path / "b.yaml"
    inferplan("init", file)
    text = file.read_text()
    commented = re.findall(r"^ +#\w+:", text, flags=re.MULTILINE)
    assert len(commented) > 35
    plain.write_text(re.sub(r"^( +)#(\w+:)", r"\1\2", text, flags=re.MULTILINE))
    assert Scenario.from_yaml(plain) == Scenario.from_yaml(file)
    smallest = Scenario(model="llama-3.1-8b", hardware="h100", workload="azure-conv-2023")
    assert Scenario.from_yaml(file) == smallest


def test_every_section_and_key_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    inferplan("init", file)
    text = file.read_text()
    for name, section in Scenario.model_fields.items():
        assert re.search(rf"^{name}:", text, flags=re.MULTILINE)
        inner = getattr(section.annotation, "model_fields", {})
        missing = [key for key in inner if name != "workload" and not re.search(rf"^ +#?{key}:", text, re.MULTILINE)]
        assert not missing
    assert max(map(len, text.splitlines())) <= 120


def test_the_other_workloads_are_valid() -> None:
    lines = [line.removeprefix("  #").removeprefix("   ") for line in WORKLOADS.splitlines()[1:]]
    texts = "\n".join(lines).split("\n\n")
    assert len(texts) == 4
    for text in texts:
        assert Scenario(model="llama-3.1-8b", hardware="h100", workload=yaml.safe_load(text))


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("mine")
    refused = inferplan("init", file)
    assert refused.status == 2
    assert "exists already" in refused.err
    assert file.read_text() == "mine"
    assert inferplan("init", file, "--force").status == 0
    assert "model:" in file.read_text()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--model", "lama-3.1-8b", "did you mean"),
        ("--hardware", "h10", "did you mean"),
        ("--workload", "x", "workload"),
    ],
)
def test_unknown_names_write_nothing(tmp_path: Path, option: str, value: str, says: str) -> None:
    file = tmp_path / "a.yaml"
    refused = inferplan("init", file, option, value)
    assert refused.status == 2
    assert says in refused.err
    assert not file.exists()


def test_a_trace_is_named_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "day.csv").write_text("arrival_s,prompt_tokens,output_tokens\n0,5,5\n1,5,5\n")
    assert inferplan("init", "mine/a.yaml", "--workload", "day.csv").status == 0
    assert yaml.safe_load((tmp_path / "mine/a.yaml").read_text())["workload"] == {"trace": {"path": "../day.csv"}}
    assert '"completed": 2' in inferplan("run", "mine/a.yaml", "--json").out


def test_a_schema_beside_it_is_named(tmp_path: Path) -> None:
    inferplan("schema", "--out", tmp_path / "scenario.schema.json")
    inferplan("init", tmp_path / "a.yaml")
    first = (tmp_path / "a.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=scenario.schema.json"
