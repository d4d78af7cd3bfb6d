"""Every bundled profile against physics and against itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.hardware.catalog import list_hardware, load_hardware, profile_files, read_profile
from simulator.hardware.link import TOPOLOGIES
from simulator.hardware.profile import GIB, KINDS
from simulator.yaml_section import read_yaml

FILES = profile_files()
every_profile = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)

# Bandwidth in GB/s that a chip with this memory can have: one device or socket, 2017 to 2026.
BANDWIDTH = {
    "HBM": (800, 1000), "HBM2": (800, 1600), "HBM2e": (1900, 4000), "HBM3": (1600, 5500), "HBM3e": (4500, 8200),
    "GDDR6": (300, 800), "GDDR6 ECC": (600, 900), "GDDR6X": (900, 1100), "GDDR7": (1500, 1900),
    "LPDDR5": (100, 300), "DDR5-4800": (38, 310),
}  # fmt: skip


@every_profile
def test_name_is_the_file_and_sources_are_named(path: Path) -> None:
    profile = read_profile(path)
    assert profile.name == path.stem
    assert profile.kind in KINDS
    assert all(len(source) > 8 for source in profile.sources)
    assert all(source.count("(") == source.count(")") for source in profile.sources)


@every_profile
def test_memory_is_what_its_technology_allows(path: Path) -> None:
    profile = read_profile(path)
    low, high = BANDWIDTH[profile.memory_kind]
    assert low * 1e9 <= profile.memory_bytes_per_s <= high * 1e9
    assert 16e9 <= profile.memory_bytes <= 1e12
    # A driver reports a little less than the label; labels of whole GiB are written as GB by some vendors.
    assert 0.9 < profile.usable_memory_bytes / profile.memory_bytes < 1.08
    assert profile.l2_bytes < 0.01 * profile.usable_memory_bytes or profile.kind == "tpu"


@every_profile
def test_narrower_formats_are_no_slower(path: Path) -> None:
    profile = read_profile(path)
    wide = profile.peak(profile.sixteen_bit())
    ladder = [("fp32", "tf32"), ("tf32", "bf16"), ("bf16", "fp8"), ("fp8", "fp4"), ("int8", "int4")]
    for slower, faster in ladder:
        if profile.supports(slower) and profile.supports(faster):
            assert profile.peak(slower) <= profile.peak(faster), (slower, faster)
    # No more than twice per halving of the width: a larger step is a sparse figure. GeForce halves 16-bit math with
    # 32-bit sums, AWS's and Blackwell Ultra's fastest formats are faster than twice.
    assert profile.peak_flops.get("fp8", 0) <= 4 * wide
    assert profile.peak_flops.get("int8", 0) <= 4.01 * wide
    if profile.kind == "gpu" and profile.supports("fp8"):
        assert profile.peak("fp8") == pytest.approx(2 * wide, rel=0.02)
    if profile.kind == "gpu" and profile.supports("bf16"):
        assert profile.peak("bf16") == profile.peak("fp16")


@every_profile
def test_ridge_is_that_of_dense_math(path: Path) -> None:
    """FLOP per byte where the roofline bends; sparse headline numbers exceed the range."""
    profile = read_profile(path)
    ridge = profile.peak(profile.sixteen_bit()) / profile.memory_bytes_per_s
    low, high = (50, 760) if profile.kind != "gpu" else (70, 450)
    assert low < ridge < high


@every_profile
def test_systolic_arrays_give_the_published_peak(path: Path) -> None:
    profile = read_profile(path)
    if profile.matrix_unit is None:
        pytest.skip("its vendor publishes no array size")
    assert profile.matrix_unit.flops == pytest.approx(profile.peak("bf16"), rel=0.07)


@every_profile
def test_power_and_price(path: Path) -> None:
    profile = read_profile(path)
    if profile.tdp_w is not None:
        assert 50 <= profile.tdp_w <= 1500
        assert profile.idle_w is None or 0.02 < profile.idle_w / profile.tdp_w < 0.5
    if profile.price is not None:
        assert 0.1 < profile.price.usd_per_hour < 20
        assert len(profile.price.basis) > 8
        year = int(profile.price.as_of[:4])
        assert profile.year <= year <= 2026


@every_profile
def test_links(path: Path) -> None:
    profile = read_profile(path)
    link = profile.link
    assert link.topology in TOPOLOGIES
    assert link.description
    assert link.bytes_per_s <= 1300e9
    if link.topology == "torus":
        whole = 1
        for length in link.dims:
            whole *= length
        assert whole == link.domain
    if link.topology == "none":
        assert link.bytes_per_s <= profile.host_bytes_per_s
    for world_size in (2, 4, 8, 16):
        if world_size <= link.domain:
            assert 0 < profile.group_bytes_per_s(world_size) <= link.bytes_per_s


def test_no_name_or_alias_is_claimed_twice() -> None:
    claimed: dict[str, str] = {}
    for path in FILES:
        for name in (path.stem, *read_yaml(path).texts("aliases")):
            assert claimed.setdefault(name.lower(), path.stem) == path.stem, name


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("h100", "H100-SXM5-80GB"), ("A100", "A100-SXM4-80GB"), ("h200", "H200-SXM-141GB"), ("l40s", "L40S"),
        ("b200", "B200-SXM-180GB"), ("b300", "B300-SXM-288GB"), ("gb200", "GB200-NVL72"), ("mi300x", "MI300X"),
        ("trn2", "Trainium2"), ("inf2", "Inferentia2"), ("v6e", "TPU-v6e"), ("trillium", "TPU-v6e"),
        ("tpu7x", "TPU-v7"), ("4090", "RTX-4090"), ("rtx4090", "RTX-4090"), ("a6000", "RTX-A6000"),
        ("gaudi3", "Gaudi3"), ("v100", "V100-SXM2-32GB"), ("orin", "Jetson-AGX-Orin-64GB"), ("cpu", "Generic-CPU"),
        ("NVIDIA H100-SXM5-80GB", "H100-SXM5-80GB"), ("AMD Instinct MI300X", "MI300X"),
        ("NVIDIA GeForce RTX 4090", "RTX-4090"), ("Google TPU v6e (Trillium)", "TPU-v6e"),
    ],
)  # fmt: skip
def test_aliases_people_type(alias: str, name: str) -> None:
    assert load_hardware(alias).name == name


def test_the_breadth_that_is_promised() -> None:
    assert len(list_hardware()) >= 34
    assert {load_hardware(name).kind for name in list_hardware()} == set(KINDS)


def test_data_sheet_traps() -> None:
    """Figures that are often quoted wrongly."""
    h100 = load_hardware("h100")
    assert (h100.peak("bf16"), h100.peak("fp8")) == (989.4e12, 1978.9e12)  # not 1,979 and 3,958: those are sparse
    assert h100.memory_bytes_per_s == 3352e9
    assert h100.usable_memory_bytes / GIB == pytest.approx(79.1)
    assert load_hardware("l4").peak("bf16") == 121e12  # 242 is sparse
    assert load_hardware("4090").peak("fp16") == 165.2e12  # 330 is with 16-bit sums
    assert load_hardware("a10g").peak("bf16") == 70e12  # 125 is the A10
    assert load_hardware("b300").peak("int8") == 150e12  # 4,500 was Blackwell's before the Ultra
    assert load_hardware("mi355x").peak("fp8") == 5033.2e12  # 10,100 is sparse
    assert load_hardware("mi300x").group_bytes_per_s(2) == 64e9  # one xGMI link between two, not seven
    assert not load_hardware("a100").supports("fp8")
    assert not load_hardware("v100").supports("bf16")
