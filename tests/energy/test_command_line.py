"""What ``run``, ``estimate`` and ``show`` say about energy and money."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.invoke import inferplan

SCENARIO = """\
model: llama-3.1-8b
hardware: h100
workload:
  synthetic: {num_requests: 20, arrival: {kind: poisson, rate_per_s: 4}, prompt_tokens: 256, output_tokens: 32}
"""


def test_run_prints_figures_with_their_assumptions(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    text = " ".join(inferplan("run", path, "--no-bands").out.split())
    for part in (
        "J per output token",
        "PUE 1.2",
        "out per million tokens",
        "capacity block, 2024-12",
        "gCO2e per request",
    ):
        assert part in text
    unknown = " ".join(inferplan("run", path, "--no-bands", "--set", "hardware=tpu-v6e").out.split())
    assert "energy not known: the rated power of TPU-v6e is not published" in unknown


def test_run_refuses_a_bad_price_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO + "economics:\n  node: 8xh10\n")
    outcome = inferplan("run", path)
    assert outcome.status == 2
    assert "scenario.yaml:6" in outcome.err
    assert "did you mean" in outcome.err


def test_estimate_has_the_same_keys_as_a_run() -> None:
    outcome = inferplan("estimate", "--model", "llama-3.1-8b", "--hardware", "h100", "--batch", 8, "--json")
    found = json.loads(outcome.out)
    assert found["joules_per_output_token"] > found["device_joules_per_output_token"] > 0
    assert found["economics"]["assumptions"]["price"]["as_of"] == "2024-12"
    table = inferplan("estimate", "--model", "llama-3.1-8b", "--hardware", "h100", "--batch", 8).out
    assert "J per output token" in table


def test_show_hardware_says_on_what_terms_a_price_holds() -> None:
    page = json.loads(inferplan("show", "hardware", "h100", "--json").out)["power_and_price"]
    assert page["standby_power_w"] == 115
    text = " ".join(inferplan("show", "hardware", "h100").out.split())
    assert "capacity block" in text
