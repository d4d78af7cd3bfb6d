"""Small scenarios that run in a fraction of a second."""

from __future__ import annotations

from typing import Any

from simulator.scenario.schema import Scenario


def small(requests: int = 60, rate: float = 5.0, prompt: int = 512, output: int = 64, **sections: Any) -> Scenario:
    """Poisson traffic on one H100."""
    synthetic = {
        "num_requests": requests,
        "arrival": {"kind": "poisson", "rate_per_s": rate},
        "prompt_tokens": prompt,
        "output_tokens": output,
    }
    return Scenario(**{"model": "llama-3.1-8b", "hardware": "h100", "workload": {"synthetic": synthetic}} | sections)


def with_arrival(arrival: dict[str, Any], requests: int = 60, **sections: Any) -> Scenario:
    """The same mix sent otherwise."""
    synthetic = {"num_requests": requests, "arrival": arrival, "prompt_tokens": 512, "output_tokens": 64}
    return small(**sections, workload={"synthetic": synthetic})
