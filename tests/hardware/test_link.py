"""What a group of chips gets of a data sheet's link, worked out by hand."""

from __future__ import annotations

import pytest

from simulator.hardware.link import Link

GB = 1e9


def share(link: Link, world_size: int) -> float:
    return link.group_bytes_per_s(world_size, 31 * GB) / GB


def test_a_switch_gives_everything_to_any_two() -> None:
    assert [share(Link(450 * GB, "switch", 8), n) for n in (2, 4, 8)] == [450, 450, 450]


def test_a_mesh_gives_one_link_per_peer() -> None:
    """MI300X: seven xGMI links of 64 GB/s."""
    mesh = Link(448 * GB, "mesh", 8)
    assert [share(mesh, n) for n in (2, 4, 8)] == [64, 192, 448]


def test_a_bridge_joins_two_and_the_bus_the_rest() -> None:
    bridge = Link(300 * GB, "pairs", 8)
    assert [share(bridge, n) for n in (2, 4)] == [300, 31]


def test_part_of_a_ring_is_a_line() -> None:
    ring = Link(96 * GB, "ring", 12)
    assert [share(ring, n) for n in (2, 6, 12)] == [48, 48, 96]


@pytest.mark.parametrize(
    ("chips", "block", "links"),
    [(1, (1, 1), 4), (2, (1, 2), 1), (4, (2, 2), 2), (8, (2, 4), 2), (16, (4, 4), 2), (64, (8, 8), 2),
     (128, (8, 16), 3), (256, (16, 16), 4)],
)  # fmt: skip
def test_a_slice_of_a_tpu_pod_wraps_on_full_axes_only(chips: int, block: tuple[int, ...], links: int) -> None:
    """v5e: 4 links of 45 GB/s, 16 x 16; an open axis offers one link, a closed one two."""
    pod = Link(180 * GB, "torus", 256, dims=(16, 16), wraps_every=16)
    assert tuple(sorted(pod.block(chips))) == block
    assert share(pod, chips) == 45 * links


def test_a_small_torus_wraps_at_its_own_length() -> None:
    """Trainium 4 x 4: the whole instance uses all four links, half of it three."""
    torus = Link(512 * GB, "torus", 16, dims=(4, 4), wraps_every=4)
    assert [share(torus, n) for n in (4, 8, 16)] == [256, 384, 512]


def test_a_group_no_block_holds_is_a_line() -> None:
    pod = Link(180 * GB, "torus", 256, dims=(16, 16), wraps_every=16)
    assert pod.block(17) == (17,)
    assert share(pod, 17) == 45
