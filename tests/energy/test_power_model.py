"""Watts from utilisation, and what a cap does to a device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost.deployment import Deployment
from simulator.cost.estimate import estimate_deployment
from simulator.errors import InputError
from simulator.hardware.catalog import list_hardware, load_hardware
from simulator.hardware.power import GDDR_WEIGHTS, HBM_WEIGHTS, power_model
from simulator.hardware.power_cap import capped, locked
from simulator.hardware.profile import PowerWeights

SHARE = st.floats(0.0, 1.0)


@given(st.sampled_from(list_hardware()), SHARE, SHARE, SHARE, SHARE)
def test_power_rises_with_every_utilisation_within_its_limits(
    name: str, math: float, memory: float, network: float, more: float
) -> None:
    power = power_model(load_hardware(name))
    if power is None:
        assert load_hardware(name).tdp_w is None
        return
    watts = float(power.watts(math, memory, network))
    assert power.idle_w <= power.standby_w <= watts <= power.max_w
    for raised in ((math + more, memory, network), (math, memory + more, network), (math, memory, network + more)):
        assert power.watts(*raised) >= watts


def test_published_watts_are_not_called_assumed() -> None:
    assert power_model(load_hardware("h100")).assumed == ()  # type: ignore[union-attr]
    assert power_model(load_hardware("rtx-pro-6000")).assumed == (  # type: ignore[union-attr]
        "idle power 60 W",
        "standby power 102 W",
        "weights transferred from RTX A6000",
    )


@pytest.mark.parametrize(("name", "weights"), [("h100", HBM_WEIGHTS), ("a6000", GDDR_WEIGHTS)])
def test_weights_are_transferred_from_the_devices_they_were_fitted_on(name: str, weights: PowerWeights) -> None:
    own = load_hardware(name).power_weights
    assert own is not None
    assert (own.math, own.memory, own.network) == (weights.math, weights.memory, weights.network)


@pytest.mark.parametrize("cap_w", [300.0, 400.0, 550.0])
def test_a_cap_slows_prefill_and_spares_decode(cap_w: float) -> None:
    """Power of math ~ f**2.5: math that is always busy draws exactly the cap at the clock that is left."""
    device = load_hardware("h100")
    slow = capped(device, cap_w)
    before, after = (
        estimate_deployment(Deployment.of("llama-3.1-8b", one), batch=8, isl=2048, osl=64) for one in (device, slow)
    )
    clock = ((cap_w - 115) / (700 - 115)) ** 0.4
    assert slow.clock_ratio == pytest.approx(clock)
    assert 0.9 / clock < after.prefill.seconds / before.prefill.seconds <= 1 / clock + 1e-9
    assert after.decode is not None
    assert before.decode is not None
    assert 1.0 <= after.decode.seconds / before.decode.seconds < 1.02
    power = power_model(slow)
    assert power is not None
    assert power.watts(1.0, 1.0, 1.0) == cap_w


def test_a_locked_clock_slows_math_alone_and_the_slower_of_clock_and_cap_counts() -> None:
    device = load_hardware("h100")
    slow = locked(device, 0.5)
    assert slow.peak("bf16") == 0.5 * device.peak("bf16")
    assert slow.memory_bytes_per_s == device.memory_bytes_per_s
    power = power_model(slow)
    assert power is not None
    assert power.watts(0.25, 0.0, 0.0) == pytest.approx(115 + (700 - 115) * 1.74 * 0.5 * 0.5**2.5)
    deep, shallow = capped(slow, 200.0), capped(slow, 650.0)
    assert deep.clock_ratio == pytest.approx(capped(device, 200.0).clock_ratio)
    assert deep.peak("bf16") == pytest.approx(capped(device, 200.0).peak("bf16"))
    assert (shallow.clock_ratio, shallow.power_cap_w) == (0.5, 650.0)


def test_no_cap_is_the_rated_power() -> None:
    device = load_hardware("h100")
    assert capped(device, 700.0).peak_flops == device.peak_flops


@pytest.mark.parametrize(
    ("name", "cap_w", "rule"),
    [
        ("h100", 100.0, "above the standby power"),
        ("h100", 701.0, "at most its rated"),
        ("tpu-v6e", 200.0, "not published"),
    ],
)
def test_impossible_caps_are_refused(name: str, cap_w: float, rule: str) -> None:
    with pytest.raises(InputError, match=rule) as refused:
        capped(load_hardware(name), cap_w, path="economics.power_cap_w")
    assert refused.value.path == "economics.power_cap_w"
