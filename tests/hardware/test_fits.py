"""Kernel constants of every device, its own or borrowed, and how honest their band is."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cost.estimate import estimate
from simulator.hardware.catalog import list_hardware, load_hardware, profile_files, read_profile
from simulator.hardware.fits import PROVENANCES, KernelFits, Origin, borrowed_fits, fit_for, load_fits

FILES = profile_files()
FITTED_THROUGHOUT = {"A100-SXM4-80GB", "B200-SXM-180GB", "H100-SXM5-80GB", "H200-SXM-141GB", "L40S", "RTX-PRO-6000"}
FITTED_IN_PART = {
    "B300-SXM-288GB", "GB200-NVL72", "GB300-NVL72", "RTX-4090", "RTX-A6000", "A40", "TPU-v6e",
}  # fmt: skip
"""Devices whose tables lack a class or a format, which they borrow."""
CALIBRATED = FITTED_THROUGHOUT | FITTED_IN_PART


def origins(fits: KernelFits) -> list[Origin]:
    maps = (fits.gemm, fits.prefill_attention, fits.decode_attention, fits.moe)
    several = [fitted.origin for by_format in maps for fitted in by_format.values()]
    reductions = [part.origin for part in (fits.custom_all_reduce, fits.nccl_all_reduce) if part is not None]
    return [*several, *reductions, fits.stream.origin]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_profile_has_constants_for_every_format_it_multiplies(path: Path) -> None:
    profile = read_profile(path)
    fits = load_fits(profile)
    for dtype in profile.peak_flops:
        for fitted in (fit_for(fits.gemm, dtype), fit_for(fits.moe, dtype)):
            assert fitted.origin.provenance in PROVENANCES
            assert 0 < fitted.constants.memory_share <= 1.15
            assert 0 < fitted.constants.math_share <= 1.15
            assert 0 < fitted.origin.median_error < fitted.origin.p90_error
    for dtype in ("bf16", "fp8"):
        assert fit_for(fits.prefill_attention, dtype).constants.math_share > 0
        assert 0 < fit_for(fits.decode_attention, dtype).constants.memory_share <= 1.15


@pytest.mark.parametrize("name", sorted(set(list_hardware()) - CALIBRATED))
def test_a_device_without_timings_never_claims_to_have_them(name: str) -> None:
    """No fitted constants, and errors at least those of the best calibrated device."""
    h100 = load_fits(load_hardware("h100"))
    borrowed = load_fits(load_hardware(name))
    assert {origin.provenance for origin in origins(borrowed)} <= {"transferred", "nominal"}
    assert borrowed.gemm["bf16"].origin.p90_error > h100.gemm["bf16"].origin.p90_error


FEWEST_ROWS = 15
"""The smallest class that is fitted: an all-reduce of 15 sizes between two ranks; its form has five constants."""


@pytest.mark.parametrize("name", sorted(FITTED_IN_PART))
def test_a_device_measured_in_part_says_which_part(name: str) -> None:
    """What was fitted names its rows and how errors were held out; what was not is tagged as borrowed."""
    device = load_hardware(name)
    own, lent = load_fits(device), borrowed_fits(device)
    assert own.device == name
    assert own.gemm["bf16"].origin.provenance == "fitted"
    assert own.gemm["bf16"].constants != lent.gemm["bf16"].constants
    for origin in origins(own):
        fitted = origin.provenance == "fitted"
        assert not fitted or ("held out by" in origin.source and origin.rows >= FEWEST_ROWS)
        assert fitted or "taken from" in origin.source or origin.provenance == "nominal"


def test_a_sibling_borrows_constants_with_a_wider_band() -> None:
    own = load_fits(load_hardware("h100")).gemm["bf16"]
    borrowed = load_fits(load_hardware("h100-pcie")).gemm["bf16"]
    assert borrowed.constants == own.constants
    assert (own.origin.provenance, borrowed.origin.provenance) == ("fitted", "transferred")
    assert borrowed.origin.p90_error > own.origin.p90_error
    assert borrowed.origin.source.endswith("; taken from H100-SXM5-80GB")


def test_a_gpu_without_a_switch_takes_its_collectives_from_a_pcie_box() -> None:
    names = ("l40s", "l4", "h100-pcie", "gb200")
    found = [load_fits(load_hardware(name)).nccl_all_reduce for name in names]
    bus, *others, switch = [None if fitted is None else fitted.constants for fitted in found]
    assert bus is not None
    assert others == [bus, bus]
    assert switch not in (None, bus)


@pytest.mark.parametrize("name", ["mi300x", "trn2", "inf2", "v5e", "v5p", "gaudi3", "cpu", "orin", "v100"])
def test_every_kind_of_device_estimates_with_a_wide_band(name: str) -> None:
    """Decoding one sequence reads every weight once: never faster than bandwidth allows, never far below it."""
    device = load_hardware(name)
    result = estimate("Qwen2.5-7B", device, tp=2 if name == "v5e" else 1, isl=512, osl=64)
    read_s = result.memory.weight_bytes_per_gpu / device.memory_bytes_per_s
    assert 0.85 * read_s < result.tpot_s < 6 * read_s
    own = estimate("Qwen2.5-7B", "h100", isl=512, osl=64)
    assert result.decode.band > own.decode.band
    assert 0.2 < result.prefill.band < 2.5
