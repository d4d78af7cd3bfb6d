"""Conformance of every hardware profile, and the messages of a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware, profile_files, read_profile
from simulator.hardware.fits import PROVENANCES, fit_for, load_fits
from simulator.hardware.profile import GIB

FILES = profile_files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_profile_is_sane(path: Path) -> None:
    profile = read_profile(path)
    assert profile.name == path.stem
    assert profile.sources
    assert 0.85 < profile.usable_memory_bytes / profile.memory_bytes < 1.1
    assert profile.peak("bf16") == profile.peak("fp16")
    for narrow in ("fp8", "int8"):
        if profile.supports(narrow):
            assert profile.peak(narrow) == pytest.approx(2 * profile.peak("bf16"), rel=0.02)
    # Dense figures: the ridge of a GPU lies between 100 and 500 FLOP per byte; sparse headline numbers exceed it.
    assert 100 < profile.peak("bf16") / profile.memory_bytes_per_s < 500
    assert profile.idle_w is None or 0 < profile.idle_w < profile.tdp_w


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_profile_has_constants_for_every_format_it_multiplies(path: Path) -> None:
    profile = read_profile(path)
    fits = load_fits(profile)
    for dtype in set(profile.peak_flops) - {"fp32"}:
        for fitted in (fit_for(fits.gemm, dtype), fit_for(fits.moe, dtype)):
            assert fitted.origin.provenance in PROVENANCES
            assert 0 < fitted.constants.memory_share <= 1.15
            assert 0 < fitted.constants.math_share <= 1.15
            assert 0 < fitted.origin.median_error < fitted.origin.p90_error


@pytest.mark.parametrize(
    ("alias", "name"),
    [("h100", "H100-SXM5-80GB"), ("A100", "A100-SXM4-80GB"), ("h200", "H200-SXM-141GB"), ("l40s", "L40S"),
     ("b200", "B200-SXM-180GB")],
)  # fmt: skip
def test_aliases_people_type(alias: str, name: str) -> None:
    assert load_hardware(alias).name == name


def test_h100_is_the_dense_data_sheet() -> None:
    h100 = load_hardware("h100")
    assert h100.peak("bf16") == 989.4e12
    assert h100.peak("fp8") == 1978.9e12
    assert h100.memory_bytes_per_s == 3352e9
    assert h100.usable_memory_bytes / GIB == pytest.approx(79.1)
    assert h100.multiprocessors == 132


def test_a_sibling_borrows_constants_with_a_wider_band() -> None:
    own = load_fits(load_hardware("h100")).gemm["bf16"]
    borrowed = load_fits(load_hardware("h100-pcie")).gemm["bf16"]
    assert borrowed.constants == own.constants
    assert (own.origin.provenance, borrowed.origin.provenance) == ("fitted", "transferred")
    assert borrowed.origin.p90_error > own.origin.p90_error


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("bandwidth_gb_s: 3352", "bandwith_gb_s: 3352", "did you mean 'bandwith_gb_s'?"),
        ("bandwidth_gb_s: 3352", "bandwidth_gb_s: -1", "must be a number > 0 (found -1)"),
        ("  bf16: 989.4", "  bf15: 989.4", "did you mean 'bf16'"),
        ("multiprocessors: 132", "multiprocessors: 132\nsms: 132", "sms: is not a known key here"),
        ("topology: switch", "topology: swich", "did you mean 'switch'?"),
        ("year: 2022", "", "year: is missing"),
    ],
)
def test_a_broken_profile_names_file_line_and_path(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = next(path for path in FILES if path.stem == "H100-SXM5-80GB").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_hardware(broken)
    message = str(caught.value)
    assert expected in message
    assert message.startswith(f"{broken}:")


def test_line_of_a_bad_value(tmp_path: Path) -> None:
    text = next(path for path in FILES if path.stem == "L40S").read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("multiprocessors: 142", "multiprocessors: many"), encoding="utf-8")
    line = 1 + text[: text.index("multiprocessors")].count("\n")
    with pytest.raises(InputError) as caught:
        load_hardware(broken)
    assert f"{broken}:{line}: multiprocessors: must be a whole number >= 1 (found 'many')" in str(caught.value)
