"""Every bundled node against its accelerator, and the messages of a broken one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from simulator.cost.estimate import estimate
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware, profile_files
from simulator.hardware.node import load_node, node_files, read_node
from simulator.yaml_section import read_yaml

FILES = node_files()
every_node = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@every_node
def test_node_fits_its_accelerator(path: Path) -> None:
    node = read_node(path)
    chip = node.accelerator
    assert node.name == path.stem
    assert node.sources
    assert node.link.domain <= node.count
    # The link is the accelerator's own; only a larger machine than its data sheet describes may differ.
    assert node.link.topology == chip.link.topology
    if node.count <= chip.link.domain:
        assert node.link.bytes_per_s == chip.link.bytes_per_s
    if node.link.topology == "torus":
        assert math.prod(node.link.dims) == node.count
        assert node.link.block(node.count) == node.link.dims


@every_node
def test_network_and_power_are_possible(path: Path) -> None:
    node = read_node(path)
    if node.nics is not None:
        assert node.nics.bytes_per_s <= 100e9
        share = node.hardware.network
        assert share is not None
        assert share.bytes_per_s <= node.accelerator.link.bytes_per_s
    assert 3 <= node.host.power_w / node.count <= 1000
    if node.peak_power_w is not None:
        assert node.accelerator.tdp_w is not None
        assert 1 < node.peak_power_w / (node.count * node.accelerator.tdp_w) < 4
    assert (node.usd_per_hour is None) == (node.accelerator.price is None)


def test_no_name_is_claimed_twice() -> None:
    claimed: dict[str, str] = {}
    for path in (*FILES, *profile_files()):
        for name in (path.stem, *read_yaml(path).texts("aliases")):
            assert claimed.setdefault(name.lower(), path.stem) == path.stem, name


@pytest.mark.parametrize(
    ("alias", "name"),
    [("8xh100", "HGX-H100"), ("p5.48xlarge", "HGX-H100"), ("8xMI300X", "MI300X-8x"), ("TRN2.48xlarge", "trn2.48xlarge"),
     ("v5e-8", "v5litepod-8"), ("nvl72", "GB200-NVL72-rack"), ("inf2.24xlarge", "inf2.24xlarge")],
)  # fmt: skip
def test_names_people_rent_under(alias: str, name: str) -> None:
    assert load_node(alias).name == name


def test_what_stands_around_the_accelerators_of_a_dgx() -> None:
    node = load_node("dgx-h100")
    assert node.peak_power_w == 10_200
    assert node.usd_per_hour == pytest.approx(39.33, abs=0.01)  # AWS p5.48xlarge Capacity Block, December 2024
    assert node.hardware.network is not None
    assert node.hardware.network.bytes_per_s == 50e9


def test_the_device_of_a_node_can_be_deployed_with_the_links_it_has_there() -> None:
    """A slice of four chips allows tensor parallelism of four, not of eight."""
    slice_of_four = load_node("v6e-4").hardware
    assert estimate("Llama-3.1-8B", slice_of_four, tp=4).tpot_s > 0
    with pytest.raises(InputError, match="must not exceed the 4 TPU-v6e"):
        estimate("Llama-3.1-8B", slice_of_four, tp=8)


def test_a_pair_in_a_mesh_reduces_slower_than_a_pair_on_a_switch() -> None:
    """Two MI300X share one link of seven; wired to a switch at the same total they would not."""
    from dataclasses import replace

    mesh = load_hardware("mi300x")
    switch = replace(mesh, link=replace(mesh.link, topology="switch"))
    times = [
        estimate("Llama-3.1-70B", device, tp=2, batch=8, isl=2048).to_frame().query("operator == 'ffn_all_reduce'")
        for device in (mesh, switch)
    ]
    prefill = [frame[frame.phase == "prefill"].time_ms.item() for frame in times]
    assert prefill[0] > 4 * prefill[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("accelerator: H100-SXM5-80GB", "accelerator: h1000", "accelerator: no such hardware"),
        ("count: 8\n", "count: 0\n", "count: must be a whole number >= 1 (found 0)"),
        ("domain: 8", "domain: 16", "link.domain: cannot exceed the node's 8 accelerators"),
        ("power_w: 4600", "power_kw: 4.6", "host.power_w: is missing"),
        ("nics:", "nic:", "did you mean 'nics'?"),
    ],
)
def test_a_broken_node_names_file_line_and_path(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = next(path for path in FILES if path.stem == "HGX-H100").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_node(broken)
    assert expected in str(caught.value)
    assert str(caught.value).startswith(f"{broken}:")


def test_an_unknown_node_offers_near_ones() -> None:
    with pytest.raises(InputError, match="did you mean '8xh100'"):
        load_node("8xh1000")
