"""Engine profiles: every file reads, padding, mistakes."""

from __future__ import annotations

import re
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
    assert 6e-3 < engine.api_delivery_s < 9e-3
    assert engine.reserved_bytes == 2**30


@pytest.mark.parametrize(
    ("tokens", "padded"), [(1, 1), (3, 4), (9, 16), (249, 256), (257, 272), (512, 512), (513, 513)]
)
def test_padding_to_captured_sizes(tokens: int, padded: int) -> None:
    assert load_engine().padded_tokens(tokens) == padded


def test_a_value_outside_its_own_range_is_refused(tmp_path: Path) -> None:
    [file] = [path for path in engine_files() if path.stem == "vllm-0.15"]
    text = re.sub(r"api_delivery_ms: {value: [\d.]+", "api_delivery_ms: {value: 71", file.read_text(encoding="utf-8"))
    broken = tmp_path / "broken.yaml"
    broken.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"api_delivery_ms\.value: must lie in its own range \d"):
        load_engine(broken)


def test_an_unknown_engine() -> None:
    with pytest.raises(InputError, match=r"did you mean 'vllm"):
        load_engine("vlm")


@pytest.mark.parametrize(("engine", "padded"), [("vllm-0.8", 264), ("vllm-0.10", 264), ("vllm-0.13", 272)])
def test_older_versions_capture_every_eighth_size_to_512(engine: str, padded: int) -> None:
    assert load_engine(engine).padded_tokens(257) == padded
    assert load_engine(engine).padded_tokens(512) == 512


def test_asynchronous_scheduling_is_the_default_since_0_14() -> None:
    found = {path.stem: read_engine(path).async_scheduling for path in engine_files() if path.stem.startswith("vllm-0")}
    late = {name for name, asynchronous in found.items() if asynchronous}
    assert late == {"vllm-0.15", "vllm-0.15-eager", "vllm-0.19"}


def test_an_engine_that_waits_pays_per_sequence() -> None:
    """Asynchronous scheduling hides the bookkeeping of sequences; a scheduler that waits shows it in every step."""
    for path in engine_files():
        engine = read_engine(path)
        if path.stem.startswith("vllm-0"):
            assert (engine.per_sequence_s > 0) is not engine.async_scheduling, path.stem


def test_terms_left_out_are_those_of_an_engine_without_them() -> None:
    engine = load_engine("vllm-0.15")
    assert (engine.layer_floor_s, engine.ranks_per_device, engine.static_context) == (0.0, 1, False)
    assert load_engine("transformers-neuronx").static_context


def test_a_producer_nobody_knows_is_refused(tmp_path: Path) -> None:
    [file] = [path for path in engine_files() if path.stem == "vllm-0.15"]
    broken = tmp_path / "broken.yaml"
    text = file.read_text(encoding="utf-8").replace("[norm, activation]", "[nrom, activation]")
    broken.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"fused_quantization: must name some of norm, activation, attention"):
        load_engine(broken)


def based(folder: Path, base: str, **lines: str) -> Path:
    content = {"engine": "mine", "version": '"1.0"', "based_on": base, "source": "test", **lines}
    path = folder / "mine-1.0.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in content.items()), encoding="utf-8")
    return path


def test_a_profile_states_what_differs_from_its_base(tmp_path: Path) -> None:
    base = load_engine("vllm-0.15")
    term = "{value: 20, low: 10, high: 30, source: test}"
    mine = read_engine(based(tmp_path, "vllm-0.15", per_sequence_us=term, async_scheduling="false"))
    assert (mine.per_sequence_s, *mine.bound("per_sequence_s")) == pytest.approx((20e-6, 10e-6, 30e-6))
    assert base.async_scheduling
    assert not mine.async_scheduling
    assert mine.bound("gemm_multiplier") == base.bound("gemm_multiplier")
    assert mine.cuda_graph_sizes == base.cuda_graph_sizes
    assert mine.fused_quantization == base.fused_quantization


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        ("vllm-0.99", "based_on: must be one of"),
        ("vllm-0.8", "based_on: must name a profile that states all its terms"),
    ],
)
def test_a_base_must_stand_alone(tmp_path: Path, base: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_engine(based(tmp_path, base))


def test_without_a_base_a_term_left_out_is_missed(tmp_path: Path) -> None:
    path = based(tmp_path, "vllm-0.15")
    path.write_text(path.read_text().replace("based_on: vllm-0.15", "cuda_graph_sizes: [1]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"reserved_gib: is missing"):
        read_engine(path)
