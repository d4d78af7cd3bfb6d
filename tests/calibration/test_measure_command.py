"""``inferplan calibrate measure`` as a shell sees it, and what it knows of devices without running on them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from calibration.measure.backends.registry import open_backend
from calibration.measure.cpu_facts import Cpu
from calibration.measure.gpu_facts import matching_profile
from simulator.cli.calibrate.measure import parse_budget
from simulator.errors import InputError
from tests.cli.invoke import inferplan

TORCH = importlib.util.find_spec("torch") is not None


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("8m", 480.0), ("1.5h", 5400.0)])
def test_budgets(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "8 minutes", "-1m", "0", "25h", "nan"])
def test_bad_budgets(text: str) -> None:
    with pytest.raises(InputError, match="--budget: must be a time from 1s to 24h"):
        parse_budget(text)


@pytest.mark.skipif(TORCH, reason="torch is installed")
@pytest.mark.parametrize("device", ["cpu", "cuda", "xla", "neuron"])
def test_without_torch_the_extra_is_named(device: str, tmp_path: Path) -> None:
    outcome = inferplan("calibrate", "measure", "--device", device, "--out", tmp_path / "a.csv")
    assert outcome.status == 2
    assert "PyTorch, which is not installed" in outcome.err
    assert "pip install 'inferplan[torch]'" in outcome.err
    assert not (tmp_path / "a.csv").exists()


def test_an_unknown_device_is_refused() -> None:
    outcome = inferplan("calibrate", "measure", "--device", "cude")
    assert outcome.status == 2
    assert "must be one of cuda, cpu, xla, neuron (found 'cude')" in outcome.err
    assert "did you mean 'cuda'" in outcome.err


@pytest.mark.skipif(not TORCH, reason="needs torch")
def test_a_missing_vendor_stack_is_named() -> None:
    pytest.importorskip("torch")
    if importlib.util.find_spec("torch_xla") is None:
        with pytest.raises(InputError, match="reached through torch_xla, of which torch_xla is not installed"):
            open_backend("xla")


@pytest.mark.parametrize(
    ("driver", "gib", "profile"),
    [
        ("NVIDIA H200", 139.8, "H200-SXM-141GB"),
        ("NVIDIA H100 80GB HBM3", 79.2, "H100-SXM5-80GB"),
        ("NVIDIA H100 PCIe", 79.2, "H100-PCIe-80GB"),
        ("NVIDIA A100-SXM4-80GB", 79.2, "A100-SXM4-80GB"),
        ("NVIDIA A100-SXM4-40GB", 39.4, "A100-SXM4-40GB"),
        ("NVIDIA GeForce RTX 4090", 23.5, "RTX-4090"),
        ("NVIDIA L40S", 44.4, "L40S"),
        ("NVIDIA Unheard 9", 10.0, "NVIDIA-Unheard-9"),
    ],
)
def test_a_gpu_finds_its_data_sheet(driver: str, gib: float, profile: str) -> None:
    assert matching_profile(driver, gib * 2**30) == profile


def test_a_processor_is_named_for_its_model() -> None:
    def named(model: str) -> str:
        return Cpu(model, "", (), None, 1, 1, 1).slug

    assert named("AMD EPYC") == "AMD-EPYC"
    assert named("Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz") == "Intel-Xeon-Platinum-8480"
    assert named("AMD EPYC 9654 96-Core Processor") == "AMD-EPYC-9654"
    here = Cpu.read()
    assert here.memory_bytes > 2**28
    assert here.cache_bytes >= 2**18
