"""The schema of study files accepts and refuses what ``inferplan sweep`` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from simulator.errors import InputError
from simulator.reference.documents import document_schema
from simulator.sweeping.study import read_study

SCENARIO = {"model": "llama-3.1-8b", "hardware": "h100", "workload": "chat-short"}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = document_schema("study")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _read(folder: Path, study: dict[str, Any]) -> int:
    (folder / "scenario.yaml").write_text(yaml.safe_dump(SCENARIO))
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    return read_study(folder / "study.yaml").size


@pytest.mark.parametrize(
    ("study", "points"),
    [
        ({"scenario": "scenario.yaml", "sweep": {"hardware": ["h100", "l40s"], "rate": [1, 2, 3]}}, 6),
        ({"scenario": SCENARIO, "sweep": {"engine.max_num_seqs": {"logspace": [16, 64, 3]}}, "seeds": 2}, 3),
        ({"scenario": SCENARIO, "sweep": {"dtypes.weights": ["auto", "fp8"], "engine.max_num_seqs": [None, 8]}}, 4),
        (
            {
                "scenario": SCENARIO,
                "sweep": {"pairs": [{"hardware": "h100", "rate": 5}, {"hardware": "l40s", "rate": 2}]},
            },
            2,
        ),
        (
            {
                "scenario": SCENARIO,
                "sweep": {"workload.profile.num_requests": {"range": [10, 30, 10]}},
                "best": "p99_ttft_ms",
            },
            3,
        ),
        ({"scenario": SCENARIO, "sample": {"n": 4, "over": {"rate": {"low": 1, "high": 9}, "hardware": ["h100"]}}}, 4),
    ],
)
def test_studies_fit_both(
    validator: jsonschema.Draft202012Validator, tmp_path: Path, study: dict[str, Any], points: int
) -> None:
    assert _read(tmp_path, study) == points
    assert not list(validator.iter_errors(study))


@pytest.mark.parametrize(
    "study",
    [
        {"scenario": SCENARIO, "sweeps": {}},
        {"scenario": SCENARIO, "sweep": {"hardware": "h100"}},
        {"scenario": SCENARIO, "sweep": {"rate": []}},
        {"scenario": SCENARIO, "sweep": {"rate": {"linspace": [1, 2]}}},
        {"scenario": SCENARIO, "sweep": {"rate": {"linspace": [1, 2, 3], "step": 1}}},
        {"scenario": SCENARIO, "seeds": 0},
        {"scenario": SCENARIO, "sample": {"n": 4}},
        {"scenario": SCENARIO, "sample": {"n": 4, "over": {"rate": {"low": 1}}}},
        {"sweep": {"rate": [1]}},
    ],
)
def test_mistakes_are_refused_by_both(
    validator: jsonschema.Draft202012Validator, tmp_path: Path, study: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        _read(tmp_path, study)
    assert list(validator.iter_errors(study))


def test_keys_are_offered_with_their_meaning() -> None:
    axes = document_schema("study")["$defs"]["Axes"]["properties"]
    assert {"rate", "max_concurrency", "hardware", "engine.max_num_seqs", "economics.carbon.kg_per_kwh"} <= axes.keys()
    assert axes["dtypes.weights"]["anyOf"][0]["items"]["enum"][0] == "auto"
    assert all(axis["description"] for axis in axes.values())
