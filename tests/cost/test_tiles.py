"""Tiles of a multiply: waves, splits of k over idle SMs, fixed dispatch rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.cost.tiles import tiled_seconds
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits
from simulator.hardware.kernel_constants import GemmFit

H100 = load_hardware("h100")
PLAIN = replace(
    load_fits(H100).gemm["bf16"].constants,
    math_share=1.0, wave_exponent=1.0, half_depth=0.0, split_us=5.0, lone_speed=1.0, edge_rows=0.0, step_ns=0.0,
    tiles="cutlass-sm90",
)  # fmt: skip
"""Nothing but math in whole waves."""


def seconds(fit: GemmFit, m: float, n: float, k: float) -> float:
    return float(tiled_seconds(fit, H100, m, n, k, math_dtype="bf16")[0])


def test_a_full_wave_runs_at_the_peak_and_one_tile_more_takes_a_second_wave() -> None:
    columns = 128 * H100.multiprocessors / 2  # clusters of two CTAs, 256 x 128
    one_wave = seconds(PLAIN, 256, columns, 4096)
    assert one_wave == pytest.approx(2 * 256 * columns * 4096 / H100.peak("bf16"))
    assert seconds(PLAIN, 256, columns + 1, 4096) == pytest.approx(2 * one_wave)
    assert seconds(PLAIN, 257, columns, 4096) == pytest.approx(2 * one_wave)


def test_a_step_takes_its_latency_however_little_it_multiplies() -> None:
    fit = replace(PLAIN, step_ns=400.0)
    assert seconds(fit, 16, 128, 8192) == pytest.approx(64 * 400e-9, rel=1e-2)


def test_few_thread_blocks_run_faster_but_no_faster_than_a_lone_one() -> None:
    """Between a lone block and a full wave the device does as much a second as in the full wave."""
    crowd = replace(PLAIN, wave_exponent=0.0)
    fit = replace(crowd, lone_speed=4.0)
    columns = 128 * H100.multiprocessors / 2
    full = seconds(fit, 256, columns, 4096)
    assert full == seconds(crowd, 256, columns, 4096)
    assert seconds(fit, 256, columns / 2, 4096) == pytest.approx(full / 2, rel=0.02)
    assert seconds(fit, 256, 128, 4096) == pytest.approx(full / 4)
    assert seconds(crowd, 256, 128, 4096) == pytest.approx(full)


def test_cublas_splits_a_deep_multiply_over_idle_sms_and_cutlass_does_not() -> None:
    walking = replace(PLAIN, step_ns=300.0)
    splitting = replace(walking, tiles="best")
    assert seconds(splitting, 16, 256, 512) == pytest.approx(4 * 300e-9, rel=2e-2), "too shallow to be worth it"
    whole, split = (seconds(fit, 16, 256, 16384) for fit in (walking, splitting))
    assert whole == pytest.approx(128 * 300e-9, rel=2e-2)
    assert 5e-6 < split < 5e-6 + whole / 20
    _, ctas = tiled_seconds(splitting, H100, 16.0, 256.0, 16384.0, math_dtype="bf16")
    assert 0.9 * H100.multiprocessors < ctas <= H100.multiprocessors


@pytest.mark.parametrize("tiles", ["best", "cutlass-sm90", "cutlass-sm89"])
def test_more_work_is_never_done_sooner_and_arrays_are_as_single_numbers(tiles: str) -> None:
    fit = replace(load_fits(H100).gemm["bf16"].constants, tiles=tiles)
    depths = np.arange(64.0, 20_000, 64)
    along_k = tiled_seconds(fit, H100, 48.0, 1024.0, depths, math_dtype="bf16")[0]
    assert np.all(np.diff(along_k) >= 0)
    assert along_k[7::50].tolist() == [seconds(fit, 48.0, 1024.0, k) for k in depths[7::50].tolist()]
    if tiles == "best":
        along_m = tiled_seconds(fit, H100, np.arange(1.0, 9000), 4096.0, 4096.0, math_dtype="bf16")[0]
        assert np.all(np.diff(along_m) >= 0)
