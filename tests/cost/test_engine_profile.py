"""Engine profiles: every file reads, padding, mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cost.engine_profile import engine_files, load_engine, read_engine
from simulator.errors import InputError


@pytest.mark.parametrize("path", engine_files(), ids=lambda path: path.stem)
def test_every_engine_profile(path: Path) -> None:
    engine = read_engine(path)
    assert engine.name == path.stem
    assert engine.source
    assert 0.5 < engine.gemm_multiplier < 2
    assert 0 < engine.expert_coverage <= 1


def test_the_values_of_vllm_0_15() -> None:
    engine = load_engine("vllm")
    assert engine is not load_engine("vllm-0.15")
    assert engine == load_engine("vllm-0.15")
    assert engine.async_scheduling
    assert engine.api_delivery_s == pytest.approx(7.1e-3)
    assert engine.reserved_bytes == 2**30


@pytest.mark.parametrize(
    ("tokens", "padded"), [(1, 1), (3, 4), (9, 16), (249, 256), (257, 272), (512, 512), (513, 513)]
)
def test_padding_to_captured_sizes(tokens: int, padded: int) -> None:
    assert load_engine().padded_tokens(tokens) == padded


def test_a_value_outside_its_own_range_is_refused(tmp_path: Path) -> None:
    [file] = [path for path in engine_files() if path.stem == "vllm-0.15"]
    text = file.read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("value: 7.1", "value: 71"), encoding="utf-8")
    with pytest.raises(InputError, match=r"api_delivery_ms\.value: must lie in its own range 6\.7\.\.7\.8"):
        load_engine(broken)


def test_an_unknown_engine() -> None:
    with pytest.raises(InputError, match=r"did you mean 'vllm"):
        load_engine("vlm")
