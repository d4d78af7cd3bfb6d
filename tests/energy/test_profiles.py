"""Power and price of the bundled profiles, and mistakes in one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.hardware.catalog import list_hardware, load_hardware
from simulator.hardware.node import node_named
from simulator.hardware.reader import read_profile

BUNDLED = Path(__file__).resolve().parents[2] / "hardware_profiles"


@pytest.mark.parametrize("name", list_hardware())
def test_a_price_has_terms_and_a_device_its_own_node(name: str) -> None:
    device = load_hardware(name)
    assert device.price is None or (device.price.terms != "unstated" and device.price.as_of >= "2024")
    if device.usual_node is not None:
        assert node_named(device.usual_node).accelerator.name == device.name


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("standby_w: 115", "standby_w: 50", "power.idle_w"),
        ("standby_w: 115", "standby_w: 700", "power.standby_w"),
        ("memory: 0.35", "memory: -1", "power.weights.memory"),
        ("network: 0.2, source:", "network: 0.2, sauce:", "power.weights.source"),
        ("terms: capacity_block", "terms: ondemand", "price.terms"),
    ],
)
def test_mistakes_name_their_line(tmp_path: Path, before: str, after: str, path: str) -> None:
    text = (BUNDLED / "H100-SXM5-80GB.yaml").read_text()
    assert before in text
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace(before, after))
    with pytest.raises(InputError) as refused:
        read_profile(file)
    assert refused.value.path == path
    assert refused.value.line is not None


def test_a_price_without_terms_says_so(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text((BUNDLED / "H100-SXM5-80GB.yaml").read_text().replace("terms: capacity_block, ", ""))
    price = read_profile(file).price
    assert price is not None
    assert price.terms == "unstated"
