"""Transfers on the simulation clock: sharing, latency, cancellation, and time that was really waited."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy.events import Event

from simulator.cluster.clock import Clock
from simulator.links.fair_network import FairNetwork
from simulator.links.shared_link import Hop, SharedLink
from simulator.links.transfers import Transfer, Transfers

WIRE = (Hop("wire"),)


def on_a_wire(**options: Any) -> tuple[Clock, Transfers]:
    clock = Clock()
    return clock, Transfers(clock, FairNetwork([SharedLink("wire", "nic", 100.0, **options)]))


def test_latency_passes_first_then_bytes_share_the_wire() -> None:
    clock, transfers = on_a_wire(latency_s=0.5)
    first = transfers.send(WIRE, 100.0)
    second = transfers.send(WIRE, 50.0)
    clock.run()
    assert second.ended_s == 1.5  # 0.5 latency, 50 bytes at half rate
    assert first.ended_s == 2.0
    assert first.duration_s == 2.0


def test_a_small_transfer_does_not_get_the_whole_wire() -> None:
    """At the half size a transfer alone moves at half of the capacity; two of them fill it."""
    clock, transfers = on_a_wire(half_bytes=40.0)
    pair = [transfers.send(WIRE, 40.0) for _ in range(2)]
    clock.run()
    assert [transfer.ended_s for transfer in pair] == [0.8, 0.8]


def test_only_waited_time_is_exposed() -> None:
    clock, transfers = on_a_wire()
    waited: list[float] = []

    def layer() -> Generator[Event, Any, None]:
        prefetch = transfers.send(WIRE, 100.0)
        yield clock.timeout(0.75)  # compute
        waited.append((yield from transfers.wait(prefetch)))
        yield clock.timeout(1.0)
        waited.append((yield from transfers.wait(prefetch)))  # long there

    clock.process(layer())
    clock.run()
    assert waited == [0.25, 0.0]
    assert transfers.exposed_s == 0.25
    assert transfers.transfer_s == 1.0


def test_compute_hides_a_transfer_as_the_maximum_of_both() -> None:
    """Layer streaming with prefetch: a step lasts max(compute, transfer), TECHNIQUES 11.1."""
    for compute_s in (0.25, 1.0, 3.0):
        clock, transfers = on_a_wire()

        def layers(clock: Clock, transfers: Transfers, compute_s: float) -> Generator[Event, Any, None]:
            weights = transfers.send(WIRE, 100.0)
            for _ in range(5):
                yield from transfers.wait(weights)
                weights = transfers.send(WIRE, 100.0)
                yield clock.timeout(compute_s)
            transfers.cancel(weights)

        clock.run(clock.process(layers(clock, transfers, compute_s)))
        assert clock.now == pytest.approx(1.0 + 4 * max(1.0, compute_s) + compute_s)


def test_a_higher_class_goes_first() -> None:
    clock, transfers = on_a_wire()
    offload = transfers.send(WIRE, 100.0, priority=1)
    needed = transfers.send(WIRE, 100.0, priority=0)
    clock.run()
    assert (needed.ended_s, offload.ended_s) == (1.0, 2.0)


@pytest.mark.parametrize("latency_s", [0.0, 5.0])
def test_cancelling_wakes_the_waiter_and_frees_the_wire(latency_s: float) -> None:
    clock, transfers = on_a_wire(latency_s=latency_s)
    given_up = transfers.send(WIRE, 100.0)
    stays = transfers.send(WIRE, 100.0)
    woken: list[float] = []

    def consumer() -> Generator[Event, Any, None]:
        got = yield given_up
        assert got is given_up
        woken.append(clock.now)

    clock.process(consumer())
    clock.call_at(1.0, lambda: woken.append(transfers.cancel(given_up)))
    clock.run()
    left = 50.0 if latency_s == 0 else 100.0
    assert woken == [left, 1.0]
    assert given_up.cancelled
    assert given_up.left_bytes == left
    assert stays.ended_s == latency_s + (1.5 if latency_s == 0 else 1.0)
    assert transfers.cancel(stays) == 0.0  # over already


def test_a_transfer_that_cannot_be_is_refused_when_sent() -> None:
    _, transfers = on_a_wire(latency_s=1.0)
    with pytest.raises(ValueError, match="no link"):
        transfers.send((Hop("cable"),), 1.0)
    with pytest.raises(ValueError, match="at least one hop"):
        transfers.send((), 1.0)
    with pytest.raises(ValueError, match="bytes >= 0"):
        transfers.send(WIRE, -1.0)


sends = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 200), st.sampled_from(["a", "b", "ab"])), min_size=1, max_size=12
)


@given(sends)
@settings(max_examples=60)
def test_the_clock_gives_the_times_of_the_network(plan: list[tuple[int, int, str]]) -> None:
    """Driven by the clock, transfers end when the clock-free network says; few events are spent on them."""
    links = [SharedLink(name, "pcie", 10.0) for name in "ab"]
    clock, net = Clock(), FairNetwork(links)
    transfers = Transfers(clock, FairNetwork(links))
    sent: list[Transfer] = []

    def send(nbytes: int, names: str) -> None:
        sent.append(transfers.send(tuple(Hop(name) for name in names), float(nbytes)))

    plan = sorted(plan, key=lambda entry: entry[0])
    for at, nbytes, names in plan:
        clock.call_at(float(at), lambda nbytes=nbytes, names=names: send(nbytes, names))
    clock.run()
    flows, ends = [], {}
    for at, nbytes, names in plan:
        ends.update({flow: flow.ended_s for flow in net.advance(float(at))})
        flows.append(net.start(tuple(Hop(name) for name in names), float(nbytes), float(at)))
    ends.update({flow: flow.ended_s for flow in net.advance(1e9)})
    assert [transfer.ended_s for transfer in sent] == pytest.approx([ends[flow] for flow in flows], rel=1e-12)
    assert clock.events_scheduled <= 5 * len(plan)  # its arrival here, its start, its end, and at most two alarms
