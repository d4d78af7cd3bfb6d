"""Groups on the host bus whose chips do not reach each other's memory: bounds, published timings, who says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator import Scenario
from simulator.datafiles import data_dir
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits
from simulator.hardware.link import Link
from simulator.hardware.reader import read_profile
from simulator.links.collectives import Collectives
from simulator.wiring import DeploymentChoice, build_deployment

PRO_6000 = load_hardware("rtx-pro-6000")

PUBLISHED_US = {
    1_114_112: (42.2, 78.4),
    2_228_224: (70.8, 149.0),
    5_242_880: (154.7, 335.4),
    20_971_520: (587.1, 1309.1),
}
"""Bytes -> NCCL all-reduce of two RTX PRO 6000 with and without peer access (LLMServingSim's, September 2026)."""


def library_us(peer_access: bool, nbytes: float) -> float:
    device = PRO_6000.with_peer_access(peer_access)
    return 1e6 * float(Collectives(device, kernels=load_fits(device)).library_seconds("all_reduce", nbytes, 2))


@pytest.mark.parametrize("nbytes", PUBLISHED_US)
def test_one_machine_timed_both_ways(nbytes: int) -> None:
    """The constants are of another machine; only the share of the staged rate was set, to the larger sizes."""
    direct, staged = PUBLISHED_US[nbytes]
    assert library_us(True, nbytes) == pytest.approx(direct, rel=0.13)
    assert library_us(False, nbytes) == pytest.approx(staged, rel=0.13)


def test_every_byte_crosses_the_bus_twice() -> None:
    link = Link(63e9, "none", 8)
    staged = replace(link, peer_access=False)
    assert staged.group_bytes_per_s(4, 63e9) == 0.5 * link.group_bytes_per_s(4, 63e9)
    sizes = np.logspace(3, 9, 13)
    device = PRO_6000.with_peer_access(False)
    for op in ("all_reduce", "all_gather", "send_recv"):
        seconds = Collectives(device).seconds(op, sizes, 2)
        assert (seconds >= Collectives(device).minimum_seconds(op, sizes, 2)).all()
        assert (seconds > Collectives(PRO_6000).seconds(op, sizes, 2)).all()


def test_links_and_bridges_have_no_need_of_it() -> None:
    for topology in ("switch", "mesh"):
        assert not Link(450e9, topology, 8, peer_access=False).staged_in_host_memory(8)
    bridge = Link(56e9, "pairs", 8, peer_access=False)
    assert (bridge.staged_in_host_memory(2), bridge.staged_in_host_memory(4)) == (False, True)


def test_engines_reduce_with_their_own_kernel_between_two_peers_only() -> None:
    own = {
        (peer_access, ranks): Collectives(PRO_6000.with_peer_access(peer_access)).own_fit(ranks) is not None
        for peer_access in (True, False)
        for ranks in (2, 4)
    }
    assert own == {(True, 2): True, (True, 4): False, (False, 2): False, (False, 4): False}


def test_a_scenario_says_how_its_box_is() -> None:
    def device(hardware: str, **parallel: object) -> bool:
        scenario = Scenario(model="llama-3.1-8b", hardware=hardware, workload="azure-conv-2023", parallel=parallel)
        return build_deployment(DeploymentChoice.of(scenario)).hardware.link.peer_access

    assert (device("l40s"), device("l40s", peer_access=False)) == (True, False)
    assert (device("rtx-4090"), device("rtx-4090", peer_access=True)) == (False, True)  # a patched driver
    with pytest.raises(InputError, match="peer_access: concerns devices joined by the host bus; H100-SXM5-80GB has"):
        device("h100", peer_access=False)


def test_a_switch_has_no_such_key(tmp_path: Path) -> None:
    text = (data_dir("hardware_profiles") / "H100-SXM5-80GB.yaml").read_text()
    path = tmp_path / "h100.yaml"
    path.write_text(text.replace("topology: switch,", "topology: switch, peer_access: false,", 1))
    with pytest.raises(InputError, match="peer_access: concerns the host bus"):
        read_profile(path)
