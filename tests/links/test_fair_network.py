"""Fair sharing against an exact fluid solution; conservation of bytes; the physical minimum; hand-made cases."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.links.fair_network import FairNetwork, Flow
from simulator.links.shared_link import Hop, SharedLink
from tests.links.fluid import FluidFlow, finish_times

LINKS = {"a": (10, "full"), "b": (7, "full"), "c": (4, "half"), "d": (25, "full")}


def network() -> FairNetwork:
    return FairNetwork(SharedLink(name, "pcie", rate, duplex) for name, (rate, duplex) in LINKS.items())


def channel(hop: Hop) -> str:
    return hop.link if LINKS[hop.link][1] == "half" else f"{hop.link}{'+' if hop.forward else '-'}"


CAPACITY = {channel(Hop(name, way)): Fraction(rate) for name, (rate, _) in LINKS.items() for way in (True, False)}

hops = st.builds(Hop, st.sampled_from(sorted(LINKS)), st.booleans())
arrivals = st.fixed_dictionaries(
    {
        "arrival": st.integers(0, 40).map(lambda n: Fraction(n, 4)),
        "nbytes": st.integers(1, 400).map(lambda n: Fraction(n, 8)),
        "route": st.lists(hops, min_size=1, max_size=4).map(tuple),
        "weight": st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2), Fraction(5)]),
        "priority": st.integers(0, 2),
        "cap": st.one_of(st.none(), st.integers(1, 12).map(Fraction)),
    }
)


def drive(net: FairNetwork, flows: list[dict]) -> tuple[list[float], list[float]]:
    """Ends and bytes moved, the latter by integrating the rates from event to event; loads are checked on the way."""
    started: dict[Flow, int] = {}
    ends, moved = [math.nan] * len(flows), [0.0] * len(flows)
    waiting = sorted(range(len(flows)), key=lambda i: flows[i]["arrival"])
    now = 0.0
    while waiting or started:
        until = min(
            [float(flows[waiting[0]]["arrival"])] if waiting else [],
            [net.next_completion_s] if net.next_completion_s is not None else [],
            key=lambda times: times[0] if times else math.inf,
        )[0]
        assert until is not None
        for flow, i in started.items():
            moved[i] += flow.rate * (until - now)
        for flow in net.advance(until):
            ends[started.pop(flow)] = until
        while waiting and float(flows[waiting[0]]["arrival"]) == until:
            i = waiting.pop(0)
            spec = flows[i]
            cap = math.inf if spec["cap"] is None else float(spec["cap"])
            flow = net.start(
                spec["route"], float(spec["nbytes"]), until,
                weight=float(spec["weight"]), priority=spec["priority"], cap_bytes_per_s=cap,
            )  # fmt: skip
            started[flow] = i
        for name, (rate, _) in LINKS.items():
            for way in (True, False):
                assert net.load_bytes_per_s(name, forward=way) <= rate * (1 + 1e-12)
        now = until
    return ends, moved


@given(st.lists(arrivals, min_size=1, max_size=9))
@settings(max_examples=150)
def test_ends_are_those_of_the_exact_fluid_solution(flows: list[dict]) -> None:
    exact = finish_times(
        [
            FluidFlow(f["arrival"], f["nbytes"], tuple(map(channel, f["route"])), f["weight"], f["priority"], f["cap"])
            for f in flows
        ],
        CAPACITY,
    )
    net = network()
    ends, moved = drive(net, flows)
    assert ends == pytest.approx([float(end) for end in exact], rel=1e-11)
    assert moved == pytest.approx([float(f["nbytes"]) for f in flows], rel=1e-11)
    for f, end in zip(flows, ends, strict=True):
        crossed = [channel(hop) for hop in f["route"]]
        fastest = min(CAPACITY[name] / crossed.count(name) for name in crossed)
        if f["cap"] is not None:
            fastest = min(fastest, f["cap"])
        assert end - float(f["arrival"]) >= float(f["nbytes"] / fastest) * (1 - 1e-12)
    for name, (_, duplex) in LINKS.items():
        ways = {True: Fraction(0), False: Fraction(0)}
        for f in flows:
            for hop in f["route"]:
                if hop.link == name:
                    ways[hop.forward] += f["nbytes"]
        if duplex == "half":
            ways = dict.fromkeys(ways, sum(ways.values()))
        for way, total in ways.items():
            assert net.carried_bytes(name, forward=way) == pytest.approx(float(total), rel=1e-11, abs=1e-11)


def test_two_flows_share_and_the_survivor_speeds_up() -> None:
    net = network()
    net.start((Hop("a"),), 20.0, 0.0)
    short = net.start((Hop("a"),), 5.0, 0.0)
    assert net.next_completion_s == 1.0
    assert net.advance(1.0) == [short]
    assert net.next_completion_s == 2.5  # 15 bytes left at 10 bytes/s


def test_directions_are_independent_in_full_duplex_and_shared_in_half() -> None:
    net = network()
    ways = [net.start((Hop("a", way),), 10.0, 0.0) for way in (True, False)]
    assert [flow.rate for flow in ways] == [10.0, 10.0]
    both = [net.start((Hop("c", way),), 10.0, 0.0) for way in (True, False)]
    assert [flow.rate for flow in both] == [2.0, 2.0]


def test_a_bounce_buffer_in_host_memory_is_crossed_twice() -> None:
    net = network()
    assert net.start((Hop("a"), Hop("c"), Hop("c", False), Hop("b", False)), 10.0, 0.0).rate == 2.0


def test_bytes_carried_are_told_while_they_move() -> None:
    net = network()
    net.start((Hop("a"), Hop("c"), Hop("c", False)), 10.0, 0.0)
    net.advance(1.0)
    assert net.carried_bytes("a") == 2.0
    assert net.carried_bytes("c") == 4.0
    assert net.carried_bytes("b") == 0.0


def test_a_higher_class_starves_a_lower_one_and_gives_it_back() -> None:
    net = network()
    low = net.start((Hop("a"),), 10.0, 0.0, priority=1)
    high = net.start((Hop("a"),), 10.0, 0.5, priority=0)
    assert (low.rate, high.rate) == (0.0, 10.0)
    assert net.advance(1.5) == [high]
    assert net.next_completion_s == 2.0


def test_cancelling_frees_the_link_and_returns_what_did_not_move() -> None:
    net = network()
    stays = net.start((Hop("a"),), 20.0, 0.0)
    goes = net.start((Hop("a"),), 20.0, 0.0)
    assert net.cancel(goes, 2.0) == 10.0
    assert net.next_completion_s == 3.0
    assert net.advance(3.0) == [stays]
    assert net.carried_bytes("a") == 30.0
    with pytest.raises(ValueError, match="not under way"):
        net.cancel(goes, 3.0)


def test_flows_without_a_common_link_are_left_alone() -> None:
    """An arrival elsewhere neither changes the rate nor touches the bookkeeping of a flow."""
    net = network()
    alone = net.start((Hop("b"),), 70.0, 0.0)
    net.start((Hop("a"),), 1.0, 3.0)
    assert (alone.updated_s, alone.finish_s) == (0.0, 10.0)


def test_a_transfer_of_nothing_ends_at_once() -> None:
    net = network()
    flow = net.start((Hop("a"),), 0.0, 4.0)
    assert net.next_completion_s == 4.0
    assert net.advance(4.0) == [flow]


@pytest.mark.parametrize(
    ("route", "nbytes", "options", "problem"),
    [
        ((), 1.0, {}, "at least one hop"),
        ((Hop("zz"),), 1.0, {}, "no link is named 'zz'"),
        ((Hop("a"),), -1.0, {}, "bytes >= 0"),
        ((Hop("a"),), math.nan, {}, "bytes >= 0"),
        ((Hop("a"),), 1.0, {"weight": 0.0}, "weight > 0"),
        ((Hop("a"),), 1.0, {"cap_bytes_per_s": 0.0}, "cap > 0"),
    ],
)
def test_impossible_flows_are_refused(route: tuple, nbytes: float, options: dict, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        network().start(route, nbytes, 0.0, **options)


def test_time_does_not_run_backwards_and_ends_are_not_skipped() -> None:
    net = network()
    net.start((Hop("a"),), 10.0, 5.0)
    with pytest.raises(ValueError, match="backwards"):
        net.advance(4.0)
    with pytest.raises(ValueError, match="advance to"):
        net.start((Hop("a"),), 10.0, 7.0)
