"""The JSON schema accepts what the program accepts, explains every key, and its committed copies are current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from simulator.errors import InputError
from simulator.reference.documents import DOCUMENTS, document_page, document_schema
from simulator.reference.page import unit_of
from simulator.reference.tree import sections
from simulator.scenario.meanings import meanings, summary
from simulator.scenario.schema import Scenario
from tests.cli.invoke import inferplan

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "docs" / "scenarios").glob("*.yaml"))
SMALLEST: dict[str, Any] = {"model": "llama-3.1-8b", "hardware": "h100", "workload": "azure-conv-2023"}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = document_schema("scenario")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_committed_copies_are_current(name: str) -> None:
    """`make docs` renews them."""
    schema = document_schema(name)
    assert json.loads((ROOT / "docs" / "schema" / f"{name}.schema.json").read_text()) == schema


@pytest.mark.parametrize(("name", "page"), [("scenario", "reference.md"), ("plan", "reference-plan.md")])
def test_reference_pages_are_current(name: str, page: str) -> None:
    """`make docs` renews them."""
    assert (ROOT / "docs" / page).read_text() == document_page(name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_key_has_a_meaning(name: str) -> None:
    found = sections(document_schema(name))
    silent = [
        f"{one.heading}.{key}" for one in found.values() for key, schema, _ in one.keys if not schema.get("description")
    ]
    assert not silent, "add the key to `Attributes` in the docstring of its class"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_shipped_scenarios_fit(validator: jsonschema.Draft202012Validator, path: Path) -> None:
    assert not list(validator.iter_errors(yaml.safe_load(path.read_text())))


@pytest.mark.parametrize("name", ["plan", "study"])
def test_shipped_plans_and_studies_fit(name: str) -> None:
    validator = jsonschema.Draft202012Validator(document_schema(name))
    files = sorted((ROOT / "docs" / {"plan": "plans", "study": "studies"}[name]).glob("*.yaml"))
    assert files
    for path in files:
        assert not list(validator.iter_errors(yaml.safe_load(path.read_text()))), path


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_resolved_scenarios_fit(validator: jsonschema.Draft202012Validator, path: Path) -> None:
    assert not list(validator.iter_errors(yaml.safe_load(Scenario.from_yaml(path).to_yaml())))


_LENGTHS = {"num_requests": 5, "prompt_tokens": 10, "output_tokens": {"kind": "uniform", "low": 1, "high": 3}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"engine": None},
        {"workload": {"profile": {"name": "chat-short"}}},
        {"workload": {"synthetic": {**_LENGTHS, "arrival": "offline"}}},
        {"workload": {"synthetic": {**_LENGTHS, "arrival": {"kind": "gamma", "rate_per_s": 2}, "prefix": "unique"}}},
        {"engine": {"speculative_config": {"num_speculative_tokens": 2, "acceptance": 0.5}}},
    ],
)
def test_short_forms_fit_both(validator: jsonschema.Draft202012Validator, change: dict[str, Any]) -> None:
    assert Scenario(**SMALLEST | change)
    assert not list(validator.iter_errors(SMALLEST | change))


@pytest.mark.parametrize(
    "change",
    [
        {"engin": {}},
        {"engine": {"max_num_seqs": 0}},
        {"engine": {"policy": "vllm"}},
        {"dtypes": {"weights": "fp9"}},
        {"replicas": "two"},
        {"workload": {"synthetic": {**_LENGTHS, "arrival": "poisson"}}},
        {"workload": {"synthetic": {**_LENGTHS, "arrival": {"rate_per_s": 2}}}},
        {"workload": {"trace": {"path": "a.csv", "arrival": {"kind": "closed_loop", "max_concurrency": 4}}}},
    ],
)
def test_mistakes_are_refused_by_both(validator: jsonschema.Draft202012Validator, change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Scenario(**SMALLEST | change)
    assert list(validator.iter_errors(SMALLEST | change))


class Documented:
    """First line
    and its rest.

    Other words.

    Attributes
    ----------
    one_s: half a
        day (s).
    two, three: both; None = neither.

    After it.
    """


def test_meanings_are_read_from_docstrings() -> None:
    assert summary(Documented) == "First line and its rest."
    assert meanings(Documented) == {
        "one_s": "half a day (s).",
        "two": "both; null = neither.",
        "three": "both; null = neither.",
    }


@pytest.mark.parametrize(
    ("name", "meaning", "found"),
    [
        ("pause", "half a day (s).", ("half a day", "s")),
        ("rate_per_s", "mean.", ("mean", "requests/s")),
        ("pause_s", "of a turn.", ("of a turn", "s")),
        ("format", "a word (or two).", ("a word (or two)", "")),
    ],
)
def test_units(name: str, meaning: str, found: tuple[str, str]) -> None:
    assert unit_of(name, meaning) == found


def test_command(tmp_path: Path) -> None:
    out = tmp_path / "a" / "scenario.schema.json"
    assert inferplan("schema", "scenario", "--out", out).status == 0
    assert json.loads(out.read_text()) == json.loads(inferplan("schema").out)
    wrong = inferplan("schema", "senario")
    assert wrong.status == 2
    assert "did you mean 'scenario'" in wrong.err
    assert "must be one of json, markdown" in inferplan("schema", "--format", "yaml").err
