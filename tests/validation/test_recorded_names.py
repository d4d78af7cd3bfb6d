"""Engines, versions and devices by the names people write down."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.validation.assemble import assemble
from simulator.validation.engine_versions import profile_path, recorded_version
from simulator.validation.engines import profile_of, rules_of
from simulator.validation.hardware_names import recorded_hardware
from simulator.validation.models_table import read_models
from simulator.validation.read import read_cases
from simulator.validation.requests import case_requests
from simulator.validation.unsupported import Unsupported
from tests.validation.case_files import record, write_cases


@pytest.mark.parametrize(
    ("engine", "version", "profile"),
    [
        ("vllm", "0.2.7", "vllm-0.2"),
        ("vllm", "0.6.3.post1", "vllm-0.6"),
        ("vllm", "0.9.2", "vllm-0.8"),
        ("vllm", "0.10.2rc3.dev1+gabc", "vllm-0.10"),
        ("vllm", "v0.11.0rc2", "vllm-0.13"),  # its first version with full graphs by default
        ("vllm", "vllm/vllm-openai:v0.13.0", "vllm-0.13"),
        ("vllm", "0.14.1", "vllm-0.15"),  # its first version that schedules asynchronously by default
        ("vllm", "0.18.0", "vllm-0.15"),
        ("vllm", "1.0", "vllm-0.19"),
        ("vllm", "nightly", "vllm-0.19"),
        ("vllm", "latest of June 2025", "vllm-0.8"),
        ("vllm", "MLPerf v5.1 submission", "vllm-0.10"),
        ("vllm", "", "vllm-0.19"),
        ("tensorrt-llm", "0.6.1", "tensorrt-llm-0.5"),
        ("tensorrt-llm", "0.12", "tensorrt-llm-0.14"),
        ("tensorrt-llm", "1.0 (PyTorch backend)", "tensorrt-llm-0.14"),
        ("tensorrt-llm", "MLPerf v4.0 submission", "tensorrt-llm-0.14"),
        ("tensorrt-llm", "MLPerf v5.1 submission", "tensorrt-llm-0.14"),
        ("transformers-neuronx", None, "transformers-neuronx-0.12"),
    ],
)
def test_a_version_gets_the_profile_of_its_era(engine: str, version: str | None, profile: str) -> None:
    path = profile_path(engine, version)
    assert path is not None
    assert path.stem == profile


def test_an_engine_without_a_profile_has_none() -> None:
    assert profile_path("mystery", "1.0") is None
    assert profile_path("tensorrt-llm", "0.14", eager=True) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.6.3.post1", (0, 6)),
        ("0.14 (C++ engine)", (0, 14)),
        ("latest of May 2025 (about 0.8.5)", (0, 8)),
        ("container of August 2025", (2025, 8)),
        ("dev20250218", (2025, 2)),
        ("MLPerf v4.1 submission", (2024, 7)),
        ("main@abc", None),
        (None, None),
    ],
)
def test_versions_and_dates_are_read_from_prose(text: str | None, found: tuple[int, int] | None) -> None:
    assert recorded_version(text) == found


@pytest.mark.parametrize(
    ("name", "version", "hardware", "profile"),
    [
        ("vLLM", "0.15.1", "H100", "vllm-0.15"),
        ("TRT-LLM", "0.14", "H100", "tensorrt-llm-0.14"),
        ("vllm", "0.9", "Google TPU v6e (Trillium)", "vllm-tpu-0.9"),
        ("unknown (2023 stack)", None, "A100", "vllm-0.2"),
    ],
)
def test_engines_go_by_several_names(tmp_path: Path, name: str, version: str, hardware: str, profile: str) -> None:
    engine = {"name": name, "version": version}
    [case] = read_cases(write_cases(tmp_path, record(engine=engine, hardware=hardware)))
    assert profile_of(case).name == profile
    assert rules_of(case).engine == profile.rpartition("-")[0]


@pytest.mark.parametrize(("version", "on"), [("0.6.3", False), ("0.8.5", True), (None, True)])
def test_v0_neither_cached_prefixes_nor_cut_prompts(tmp_path: Path, version: str | None, on: bool) -> None:
    [case] = read_cases(write_cases(tmp_path, record(engine={"version": version})))
    assert (rules_of(case).prefix_caching, rules_of(case).chunked_prefill) == (on, on)


@pytest.mark.parametrize(
    ("recorded", "profile"),
    [
        ("NVIDIA H100-SXM5-80GB", "H100-SXM5-80GB"),
        ("NVIDIA H100 80GB HBM3", "H100-SXM5-80GB"),
        ("nvidia h200", "H200-SXM-141GB"),
        (" A100_SXM4_80GB", "A100-SXM4-80GB"),
        ("AMD Instinct MI300X", "MI300X"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000"),
        ("Intel Gaudi 3", "Gaudi3"),
        ("NVIDIA GH200 480GB", "GH200-96GB"),
        ("NVIDIA GH200-GraceHopper-Superchip_GH200-144GB", "GH200-144GB"),
        ("NVIDIA A100 80GB PCIe", "A100-PCIe-80GB"),
        ("NVIDIA H100 NVL", "H100-NVL-94GB"),
    ],
)
def test_devices_go_by_several_names(recorded: str, profile: str) -> None:
    assert recorded_hardware(recorded).name == profile


def test_an_unknown_device_is_named_as_it_was_written() -> None:
    with pytest.raises(InputError, match=r"no such hardware.*'NVIDIA Abacus'"):
        recorded_hardware("NVIDIA Abacus")


def test_formats_nobody_recorded_are_the_checkpoints_own(tmp_path: Path) -> None:
    content = record(weight_dtype=None, act_dtype=None, kv_dtype=None)
    [case] = read_cases(write_cases(tmp_path, content))
    assert (case.weight_dtype, case.act_dtype, case.kv_dtype) == (None, None, None)


@pytest.mark.parametrize(
    ("hardware", "recorded", "math"),
    [("H100", "fp8", "fp8"), ("A100", "fp8", "bf16"), ("H100", "nvfp4", "bf16"), ("V100", "bf16", "fp16")],
)
def test_math_a_device_lacks_is_done_in_16_bit(tmp_path: Path, hardware: str, recorded: str, math: str) -> None:
    weights = {"bf16": None}.get(recorded, recorded)
    content = record(hardware=hardware, weight_dtype=weights, act_dtype=recorded, kv_dtype=None)
    [case] = read_cases(write_cases(tmp_path, content))
    found = assemble(case, case_requests(case).workload, read_models(tmp_path / "models.csv"))
    assert found.deployment.dtypes.activations == math


@pytest.mark.parametrize(("missing", "reason"), [("engine", "engine 'not recorded'"), ("hardware", "'not recorded'")])
def test_a_record_without_engine_or_device_is_listed_not_fatal(tmp_path: Path, missing: str, reason: str) -> None:
    [case] = read_cases(write_cases(tmp_path, record(**{missing: {"name": None} if missing == "engine" else None})))
    with pytest.raises(Unsupported, match=reason):
        assemble(case, case_requests(case).workload, read_models(tmp_path / "models.csv"))
