"""Small studies that run in a second or two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.scenario.schema import Scenario
from tests.run.scenarios import small

SCENARIO = """\
model: llama-3.1-8b
hardware: h100
workload:
  synthetic:
    num_requests: 20
    arrival: {kind: poisson, rate_per_s: 20}
    prompt_tokens: {kind: lognormal, mean: 300, cv: 0.5}
    output_tokens: 12
"""

AXES = """\
sweep:
  hardware: [v100, rtx-3090]
  engine.max-num-seqs: [2, 4, 300]
  rate: {linspace: [5, 40, 3]}
  parallel.tensor_parallel_size: [1, 3]
"""
"""36 points; Llama's 32 heads cannot be split over three devices, so that every other one fails. The devices are those
whose constants are read fastest."""


def write_study(folder: Path, axes: str = AXES, scenario: str = SCENARIO) -> Path:
    """``study.yaml`` beside ``scenario.yaml``."""
    (folder / "scenario.yaml").write_text(scenario)
    path = folder / "study.yaml"
    path.write_text("scenario: scenario.yaml\n" + axes)
    return path


def tiny(**sections: Any) -> Scenario:
    """Twenty requests."""
    return small(requests=20, rate=20.0, prompt=300, output=12, **sections)
