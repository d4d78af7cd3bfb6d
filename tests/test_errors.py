"""How mistakes read, and which near names are proposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.engine.golden import read_golden
from simulator.errors import InputError, did_you_mean
from simulator.models.catalog import load_model
from simulator.models.hf_config import spec_from_config
from tests.errors.configs import CONFIG


def test_near_names_nearest_first_at_most_three() -> None:
    assert did_you_mean("quee", ["queue", "Queen", "tree"]) == "did you mean 'queue' or 'Queen'?"
    assert did_you_mean("batch", [f"batch{i}" for i in range(9)]).count("batch") == 3  # type: ignore[union-attr]
    assert did_you_mean("batch", ["latency"]) is None
    assert did_you_mean("batch", []) is None


def test_names_of_one_thing_are_proposed_once() -> None:
    of = {"llama-3.1-8b": 8, "llama3.1-8b": 8, "llama-3.1-70b": 70}
    assert did_you_mean("llama-3.1-9b", of, of=of) == "did you mean 'llama-3.1-8b' or 'llama-3.1-70b'?"


def test_a_model_is_proposed_under_one_name() -> None:
    with pytest.raises(InputError) as caught:
        load_model("llama-3.1-9b")
    assert "llama3.1-8b" not in str(caught.value)


def test_another_key_of_a_config_is_no_misspelling() -> None:
    config = {key: value for key, value in CONFIG.items() if key != "num_hidden_layers"}
    with pytest.raises(InputError) as caught:
        spec_from_config({**config, "max_window_layers": 28}, name="mine")
    assert caught.value.path == "num_hidden_layers"
    assert caught.value.hint is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("# Title", "is not a recorded schedule"),
        ("[1, 2]", "is not a recorded schedule"),
        ('{"kind": "stop"}', "kind: must be config, request or step (found 'stop')"),
        ("{}", "kind: must be config, request or step"),
        ('{"kind": "request"}', "id: is missing in this request line"),
        (
            '{"kind": "request", "id": 0, "arrival_step": 0, "prompt_segments": [1], "output_len": 2, "priority": 0}',
            "a value of this request line has not the shape",
        ),
        (
            '{"kind": "request", "id": 0, "arrival_step": 0, "prompt_segments": [], "output_len": 2, "priority": 0,'
            ' "colour": 1}',
            "has unknown keys: colour",
        ),
    ],
)
def test_a_file_that_is_no_recorded_schedule(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_golden(path)
    assert f"{path}:2: " in str(caught.value)
    assert says in str(caught.value)
    assert "Error(" not in str(caught.value)
