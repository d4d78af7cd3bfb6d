"""A processor that no bundled profile describes: measured rows -> fit -> estimate, through the commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration.fit.bounds import for_device
from calibration.fit.classes import kernel_classes
from calibration.fit.device import device_rows
from simulator.cli.main import app
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import read_fits

ROWS = Path(__file__).parents[2] / "calibration/measurements/cpu-amd-epyc-zen4/AMD-EPYC-1-thread.csv"
PROFILE = ROWS.with_suffix(".yaml")


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in arguments])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fits") / "cpu.yaml"
    status, text = run("calibrate", "fit", ROWS, "--hardware", PROFILE, "--out", out)
    assert status == 0, text
    return out


def test_own_classes_are_fitted_and_the_rest_is_borrowed(fits: Path) -> None:
    found = read_fits(fits)
    assert found.device == "AMD-EPYC-1-thread"
    for part in (found.gemm["bf16"], found.decode_attention["bf16"], found.stream):
        assert part.origin.provenance == "fitted"
    assert found.gemm["bf16"].origin.median_error < 0.2
    assert found.decode_attention["bf16"].origin.median_error < 0.2
    assert 0.03 < found.stream.constants.memory_share < 1.0
    assert found.nccl_all_reduce is None


def test_the_fit_serves_an_estimate(fits: Path) -> None:
    shape = ("--model", "Qwen/Qwen3-0.6B", "--hardware", PROFILE, "--isl", "128", "--osl", "16")
    status, text = run("estimate", *shape, "--fits", fits)
    assert status == 0, text
    assert "AMD-EPYC-1-thread" in text
    _, nominal = run("estimate", *shape)
    assert nominal != text


def test_constants_of_another_device_are_refused(fits: Path) -> None:
    status, text = run("estimate", "--model", "Qwen/Qwen3-0.6B", "--hardware", "h100", "--fits", fits)
    assert status == 2
    assert "AMD-EPYC-1-thread" in text


@pytest.mark.parametrize("hardware", [(), ("--hardware", "h100")])
def test_rows_of_an_unknown_device_need_its_profile(hardware: tuple[str, ...]) -> None:
    status, text = run("calibrate", "fit", ROWS, *hardware)
    assert status == 2
    assert "AMD-EPYC-1-thread" in text


def test_one_attention_library_is_kept_and_the_other_named() -> None:
    rows, dropped = device_rows([str(ROWS)], load_hardware(PROFILE))
    for op in ("attn_prefill", "attn_decode"):
        assert rows.loc[rows["op"] == op, "kernel"].nunique() == 1
    assert any("attention library" in str(part) for part in dropped)


def test_processors_get_wider_bounds_but_no_more_than_their_peak() -> None:
    spec = next(spec for spec in kernel_classes() if spec.key == "decode_attention")
    gemm = next(spec for spec in kernel_classes() if spec.key == "gemm")
    cpu, gpu = load_hardware(PROFILE), load_hardware("h100")
    assert for_device(spec, gpu) is spec
    opened, place = for_device(spec, cpu), spec.numbers.index("latency_us")
    assert opened.low[place] < spec.low[place] < spec.high[place] < opened.high[place]
    place = spec.numbers.index("ramp_exponent")
    assert (opened.low[place], opened.high[place]) == (spec.low[place], spec.high[place])
    place = gemm.numbers.index("math_share")
    assert for_device(gemm, cpu).high[place] == gemm.high[place]
