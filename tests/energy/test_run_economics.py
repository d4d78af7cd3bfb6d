"""Energy, cost and carbon in the summary of a run."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import run
from simulator.cost.estimate import estimate
from simulator.energy.batch_economics import batch_economics
from simulator.errors import InputError
from simulator.metrics.summary import Summary
from simulator.wiring import wire
from tests.run.scenarios import small

H100_USD_PER_HOUR = 4.916


def summary(economics: dict[str, Any] | None = None, **arguments: Any) -> Summary:
    return run(small(**arguments, economics=economics or {})).summary


def test_power_rises_and_joules_per_token_fall_with_the_rate() -> None:
    found = [summary(rate=rate, requests=int(30 * rate)) for rate in (0.5, 2.0, 8.0, 24.0)]
    watts = [one["mean_device_power_w"] for one in found]
    joules = [one["joules_per_output_token"] for one in found]
    assert watts == sorted(watts)
    assert joules == sorted(joules, reverse=True)
    assert 115 < watts[0] < watts[-1] <= 700


def test_joules_per_token_fall_with_the_batch_until_it_saturates() -> None:
    joules = [
        batch_economics(estimate("llama-3.1-8b", "h100", batch=batch, isl=128, osl=512))["joules_per_output_token"]
        for batch in (1, 2, 4, 8, 16, 32, 64, 128, 256)
    ]
    assert joules == sorted(joules, reverse=True)
    assert joules[0] / joules[1] > 1.8, "reading the weights is shared"
    assert joules[-2] / joules[-1] < 1.5, "the limit of the cards is near"


def test_parts_add_up_to_the_facility() -> None:
    found = summary({"pue": 1.3, "host_w_per_device": 200.0}, parallel={"tensor_parallel_size": 2})
    parts = [found[f"device_energy_{state}_j"] for state in ("busy", "standby", "idle")]
    assert found["device_energy_j"] == pytest.approx(sum(parts))
    assert found["host_energy_j"] == pytest.approx(2 * 200 * found["duration"])
    assert found["facility_energy_j"] == pytest.approx(1.3 * (found["device_energy_j"] + found["host_energy_j"]))
    assert found["joules_per_output_token"] * found["total_output_tokens"] == pytest.approx(found["facility_energy_j"])


def test_replicas_without_work_draw_idle_power_and_cost_money() -> None:
    one, four = summary(requests=1), summary(requests=1, replicas=4)
    assert four["duration"] == one["duration"]
    idle_j = 3 * 70.0 * one["duration"]
    assert four["device_energy_j"] - one["device_energy_j"] == pytest.approx(idle_j)
    assert four["cost_usd"] == pytest.approx(4 * one["cost_usd"])


def test_tokens_pay_for_all_device_hours() -> None:
    found = summary(requests=80, rate=8)
    assert found["cost_usd"] == pytest.approx(H100_USD_PER_HOUR * found["duration"] / 3600)
    prompts = found["usd_per_million_input_tokens"] * found["total_input_tokens"]
    outputs = found["usd_per_million_output_tokens"] * found["total_output_tokens"]
    assert (prompts + outputs) / 1e6 == pytest.approx(found["cost_usd"])
    assert found["usd_per_million_output_tokens"] > 5 * found["usd_per_million_input_tokens"]


def test_longer_prompts_move_the_cost_to_the_input() -> None:
    shares = [summary(prompt=prompt)["input_time_share"] for prompt in (128, 1024, 8192)]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert shares[-1] > 0.4


def test_every_figure_says_what_it_assumes() -> None:
    assumed = summary()["economics"]["assumptions"]
    assert assumed["power"]["rated_w"] == 700
    assert assumed["power"]["source"]
    assert assumed["host"]["source"] == "HGX-H100: 4,600 W for 8 devices"
    assert assumed["pue"]["source"].startswith("assumed")
    assert {key: assumed["price"][key] for key in ("terms", "as_of")} == {"terms": "capacity_block", "as_of": "2024-12"}
    assert assumed["grid"]["source"].startswith("world average")


def test_what_is_not_known_is_null_with_the_reason() -> None:
    tpu = summary(hardware="tpu-v6e")
    for key in ("device_energy_j", "joules_per_output_token", "gco2e_per_request"):
        assert tpu[key] is None
    assert "rated power of TPU-v6e is not published" in tpu["economics"]["missing"]["energy"]
    assert tpu["usd_per_million_output_tokens"] > 0
    a6000 = summary(hardware="a6000")
    assert a6000["cost_usd"] is None
    assert "no price" in a6000["economics"]["missing"]["cost"]
    assert a6000["joules_per_output_token"] > 0
    homeless = summary(hardware="rtx-3090")
    assert homeless["joules_per_output_token"] is None
    assert homeless["device_joules_per_output_token"] > 0
    assert "economics.node" in homeless["economics"]["missing"]["facility"]


def test_a_scenario_states_its_own_watts_price_and_grid() -> None:
    own = {
        "power": {"max_w": 400, "standby_w": 100, "idle_w": 90},
        "price": {"usd_per_device_hour": 1.5, "terms": "spot", "basis": "quote", "as_of": "2026-05"},
        "carbon": {"kg_per_kwh": 0.1},
        "embodied": {"kg_per_device": 150, "lifetime_years": 4},
    }
    found = summary(own, hardware="tpu-v6e")
    assert found["economics"]["missing"] == {}
    assert found["economics"]["assumptions"]["price"]["terms"] == "spot"
    assert found["carbon_operational_kg"] == pytest.approx(0.1 * found["facility_energy_j"] / 3.6e6)
    assert found["carbon_embodied_kg"] == pytest.approx(150 * found["duration"] / (4 * 8766 * 3600))
    whole = found["carbon_operational_kg"] + found["carbon_embodied_kg"]
    assert found["gco2e_per_request"] == pytest.approx(1000 * whole / found["completed"])


def test_the_grid_of_the_hour_counts() -> None:
    night = [0.1] * 12 + [0.5] * 12
    at = [summary({"carbon": {"hourly_kg_per_kwh": night, "start_hour": hour}}) for hour in (3, 15)]
    assert at[1]["gco2e_per_request"] == pytest.approx(5 * at[0]["gco2e_per_request"])


def test_a_power_cap_slows_prompts_and_saves_energy() -> None:
    free, tied = summary(prompt=4096, rate=1), summary({"power_cap_w": 350}, prompt=4096, rate=1)
    assert tied["mean_ttft_ms"] > 1.3 * free["mean_ttft_ms"]
    assert tied["device_energy_busy_j"] < free["device_energy_busy_j"]
    assert any("power cap 350 W" in note for note in tied["notes"])


def test_a_locked_clock_slows_prompts_and_saves_energy() -> None:
    free, slow = summary(prompt=4096, rate=1), summary({"clock_ratio": 0.7}, prompt=4096, rate=1)
    assert slow["mean_ttft_ms"] > 1.25 * free["mean_ttft_ms"]
    assert slow["device_energy_busy_j"] < free["device_energy_busy_j"]
    assert any("locked clock: math runs at 70%" in note for note in slow["notes"])


def test_a_window_counts_its_own_energy_and_tokens() -> None:
    whole = summary(requests=200, rate=10)
    cut = run(small(requests=200, rate=10, run={"warmup_s": 5.0, "exclude_drain": True})).summary
    assert cut["device_energy_j"] < whole["device_energy_j"]
    assert cut["joules_per_output_token"] == pytest.approx(whole["joules_per_output_token"], rel=0.15)


@pytest.mark.parametrize(
    ("economics", "path"),
    [
        ({"node": "8xh10"}, "economics.node"),
        ({"node": "8xh100", "host_w_per_device": 100.0}, "economics.host_w_per_device"),
        ({"pue": 0.9}, "economics.pue"),
        ({"power_cap_w": 90.0}, "economics.power_cap_w"),
        ({"clock_ratio": 1.5}, "economics.clock_ratio"),
        ({"power": {"idle_w": 800}}, "economics.power.idle_w"),
        ({"power": {"standby_w": 60}}, "economics.power.standby_w"),
        ({"price": {"usd_per_device_hour": 2.0, "basis": "list", "as_of": "2026"}}, "economics.price.terms"),
        (
            {"price": {"usd_per_device_hour": 2.0, "terms": "list", "basis": "b", "as_of": "2026"}},
            "economics.price.terms",
        ),
        ({"carbon": {"hourly_kg_per_kwh": [0.1, 0.2]}}, "economics.carbon.hourly_kg_per_kwh"),
        ({"carbon": {"hourly_kg_per_kwh": [0.1] * 24, "kg_per_kwh": 0.1}}, "economics.carbon.kg_per_kwh"),
    ],
)
def test_mistakes_name_their_place(economics: dict[str, Any], path: str) -> None:
    with pytest.raises(InputError) as refused:
        wire(small(economics=economics))
    assert refused.value.path == path
