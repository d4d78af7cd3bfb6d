"""Multipliers of an engine hold against kernels timed alone, not against those timed inside an engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile, load_engine, read_engine
from simulator.cost.step_cost import ReadableStepCost
from simulator.datafiles import data_dir
from simulator.errors import InputError
from simulator.operators.features import StepFeatures

STEP = StepFeatures(tokens=32, sampled=32, decode_seqs=32, decode_queries=32, decode_kv=32_000)


def seconds_by_class(hardware: str, **terms: float) -> dict[str, float]:
    engine = replace(load_engine("vllm-0.15"), decode_overlap=0.0, **terms)
    deployment = Deployment.of("llama-3.1-8b", hardware, engine=engine)
    assert CompiledStepCost(deployment).seconds(STEP) == pytest.approx(
        ReadableStepCost(deployment).seconds(STEP), 1e-12
    )
    found: dict[str, float] = {}
    for row in ReadableStepCost(deployment).breakdown(STEP):
        found[row.kernel_class] = found.get(row.kernel_class, 0.0) + row.seconds
    return found


@pytest.mark.parametrize(("hardware", "timed_alone"), [("h100", True), ("rtx-4090", False), ("rtx-pro-6000", False)])
@pytest.mark.parametrize(
    ("kernel_class", "term"), [("gemm", "gemm_multiplier"), ("decode_attention", "decode_attention_multiplier")]
)
def test_only_times_of_lone_kernels_are_brought_to_the_engine(
    hardware: str, timed_alone: bool, kernel_class: str, term: str
) -> None:
    once, twice = (seconds_by_class(hardware, **{term: factor})[kernel_class] for factor in (1.0, 2.0))
    assert twice == pytest.approx(2 * once if timed_alone else once)


def test_a_format_timed_alone_on_the_same_card_is_multiplied() -> None:
    fits = Deployment.of("llama-3.1-8b", "rtx-pro-6000").fits
    assert fits.gemm["bf16"].origin.in_engine
    assert not fits.gemm["fp8"].origin.in_engine


def profile(tmp_path: Path, extra: str) -> EngineProfile:
    path = tmp_path / "mine-1.0.yaml"
    header = 'engine: mine\nversion: "1.0"\naliases: []\nbased_on: vllm-0.15\nsource: mine\nasync_scheduling: true\n'
    path.write_text(header + extra)
    return read_engine(path)


def test_a_multiplier_stated_anew_is_the_engines_own(tmp_path: Path) -> None:
    base = load_engine("vllm-0.15")
    assert profile(tmp_path, "").lone_multipliers == base.lone_multipliers
    slower = profile(tmp_path, 'moe_multiplier: {value: 1.25, low: 1.0, high: 1.5, source: "its experts"}\n')
    assert set(base.lone_multipliers) - set(slower.lone_multipliers) == {"moe_multiplier"}
    assert profile(tmp_path, "lone_multipliers: [gemm_multiplier]\n").lone_multipliers == ("gemm_multiplier",)
    with pytest.raises(InputError, match="lone_multipliers: must name some of gemm_multiplier"):
        profile(tmp_path, "lone_multipliers: [gem_multiplier]\n")


def test_every_bundled_profile_reads() -> None:
    for path in sorted(data_dir("calibration/engines").glob("*.yaml")):
        read_engine(path)
