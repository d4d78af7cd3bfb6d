"""Routes on real nodes, and what concurrent transfers get on them."""

from __future__ import annotations

import pytest

from simulator.errors import InputError
from simulator.hardware.node import list_nodes, load_node
from simulator.links.curve import transfer_curve
from simulator.links.fabric import Fabric, Place
from simulator.links.shared_link import KINDS, Route, backwards


def rates(fabric: Fabric, *routes: Route) -> list[float]:
    """Rates in GB/s of large transfers that start together."""
    net = fabric.network()
    flows = [net.start(route, 1e12, 0.0) for route in routes]
    return [flow.rate / 1e9 for flow in flows]


@pytest.mark.parametrize("name", list_nodes())
def test_every_accelerator_reaches_every_other_and_the_host(name: str) -> None:
    fabric = Fabric(load_node(name), 2, host_memory_bytes_per_s=4e11, nvme_bytes_per_s=1e10)
    net = fabric.network()
    last = Place(0, fabric.node.count - 1)
    routes = [fabric.to_host(last), fabric.from_host(last), fabric.from_storage(1)]
    if last != Place(0, 0):
        routes += [fabric.between(Place(0, 0), last), fabric.between(last, Place(0, 0))]
    if fabric.node.hardware.network is not None:
        routes += [fabric.between(last, Place(1, 0)), fabric.between_hosts(0, 1)]
    for route in routes:
        assert net.start(route, 1.0, 0.0).rate > 0


def test_a_switch_gives_disjoint_pairs_everything_and_divides_a_common_target() -> None:
    fabric = Fabric(load_node("8xh100"))
    port = 450 * transfer_curve("nvlink").share
    disjoint = [fabric.between(Place(0, a), Place(0, a + 4)) for a in range(4)]
    assert rates(fabric, *disjoint) == pytest.approx([port] * 4)
    incast = [fabric.between(Place(0, a), Place(0, 7)) for a in range(4)]
    assert rates(fabric, *incast) == pytest.approx([port / 4] * 4)
    both_ways = fabric.between(Place(0, 0), Place(0, 1))
    assert rates(fabric, both_ways, backwards(both_ways)) == pytest.approx([port] * 2)


def test_xgmi_joins_pairs() -> None:
    fabric = Fabric(load_node("8xmi300x"))
    link = 64 * transfer_curve("xgmi").share
    assert rates(fabric, fabric.between(Place(0, 0), Place(0, 1))) == pytest.approx([link])
    fan_out = [fabric.between(Place(0, 0), Place(0, a)) for a in range(1, 8)]
    assert sum(rates(fabric, *fan_out)) == pytest.approx(7 * link)


def test_bridges_join_two_and_the_host_bus_the_rest() -> None:
    fabric = Fabric(load_node("h100-pcie-8x"))
    assert len(fabric.between(Place(0, 0), Place(0, 1))) == 1
    assert fabric.between(Place(0, 1), Place(0, 2)) == (("node0.pcie1", True), ("node0.pcie2", False))


@pytest.mark.parametrize(
    ("name", "target", "hops"),
    [("v5litepod-16", 15, 6), ("v5litepod-256", 255, 2), ("v5litepod-256", 136, 16), ("v4-128", 63, 3),
     ("trn2.48xlarge", 10, 4), ("inf2.48xlarge", 11, 1), ("inf2.48xlarge", 6, 6)],
)  # fmt: skip
def test_torus_routes_take_the_short_way_where_an_axis_closes(name: str, target: int, hops: int) -> None:
    fabric = Fabric(load_node(name))
    route = fabric.between(Place(0, 0), Place(0, target))
    assert len(route) == hops
    back = fabric.between(Place(0, target), Place(0, 0))
    assert len(back) == hops
    assert len({hop.link for hop in route}) == hops
    fabric.network().start(route, 1.0, 0.0)


def test_host_memory_limits_all_buses_of_a_node_together() -> None:
    fabric = Fabric(load_node("8xh100"), host_memory_bytes_per_s=200e9)
    bus = 63 * transfer_curve("pcie").share
    memory = 200 * transfer_curve("host_memory").share
    assert rates(fabric, fabric.to_host(Place(0, 0))) == pytest.approx([bus])
    everything = [route for a in range(8) for route in (fabric.to_host(Place(0, a)), fabric.from_host(Place(0, a)))]
    assert sum(rates(fabric, *everything)) == pytest.approx(memory)


def test_kv_blocks_between_nodes_share_an_adapter_when_there_is_one() -> None:
    own = Fabric(load_node("8xh100"), 2)
    pairs = [own.between(Place(0, a), Place(1, a)) for a in range(8)]
    assert rates(own, *pairs) == pytest.approx([50 * transfer_curve("nic").share] * 8)
    shared = Fabric(load_node("inf2.48xlarge"), 2)
    pairs = [shared.between(Place(0, a), Place(1, a)) for a in range(4)]
    assert rates(shared, *pairs) == pytest.approx([12.5 * transfer_curve("nic").share / 4] * 4)


def test_what_is_not_there_is_said() -> None:
    fabric = Fabric(load_node("8xh100"), 2)
    with pytest.raises(InputError, match="no such accelerator"):
        fabric.between(Place(0, 0), Place(0, 8))
    with pytest.raises(InputError, match="same accelerator"):
        fabric.between(Place(0, 1), Place(0, 1))
    with pytest.raises(InputError, match="no NVMe"):
        fabric.to_storage(0)
    with pytest.raises(InputError, match="network of tpu7x-4x4x4 is not known"):
        Fabric(load_node("tpu7x-4x4x4"), 2).between(Place(0, 0), Place(1, 0))
    with pytest.raises(InputError, match="nodes: must be a whole number >= 1"):
        Fabric(load_node("8xh100"), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_curve_within_its_data_sheet(kind: str) -> None:
    curve = transfer_curve(kind)
    assert curve.share <= 1
    for nbytes in (1.0, 4096.0, 1e6, 1e9):
        assert curve.seconds(nbytes, 1e10) >= curve.latency_s + nbytes / 1e10
