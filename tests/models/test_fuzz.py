"""Whatever a config.json holds, reading it gives a model or an ``InputError``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.models.hf_config import spec_from_config
from simulator.models.spec import ModelSpec

CONFIGS = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "configs").glob("*.json"))
    if path.stem != "published"
}

JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just(10**30), st.floats(), st.text(max_size=5), st.just([]),
    st.just({}), st.lists(st.integers(-1, 200), max_size=3), st.dictionaries(st.text(max_size=3), st.integers()),
)  # fmt: skip


def spoilt(draw: st.DrawFn, config: dict[str, Any]) -> dict[str, Any]:
    """A config with up to three values replaced or removed, nested objects included."""
    made = dict(config)
    for _ in range(draw(st.integers(1, 3))):
        if not made:
            break
        key = draw(st.sampled_from(sorted(made)))
        if isinstance(made[key], dict) and draw(st.booleans()):
            made[key] = spoilt(draw, made[key])
        elif draw(st.booleans()):
            made[key] = draw(JUNK)
        else:
            del made[key]
    return made


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    return spoilt(draw, CONFIGS[draw(st.sampled_from(sorted(CONFIGS)))])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs())
def test_a_spoilt_config_is_read_or_refused(config: dict[str, Any]) -> None:
    try:
        model = spec_from_config(config, name="m")
    except InputError:
        return
    assert isinstance(model, ModelSpec)
    assert model.parameters > 0
    assert model.layer_groups


def test_a_number_of_layers_no_memory_holds_is_refused() -> None:
    with pytest.raises(InputError, match="must be at most 10000"):
        spec_from_config({**CONFIGS["Qwen3-4B"], "num_hidden_layers": 10**9}, name="m")
