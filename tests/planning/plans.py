"""Plans that take a second or two: short answers, few requests, a small space."""

from __future__ import annotations

from typing import Any

from simulator.planning.schema import Plan

MIX: dict[str, Any] = {
    "synthetic": {
        "num_requests": 300,
        "arrival": {"kind": "poisson", "rate_per_s": 20.0},
        "prompt_tokens": {"kind": "lognormal", "mean": 400, "cv": 0.8},
        "output_tokens": {"kind": "lognormal", "mean": 16, "cv": 0.5},
    }
}

SPACE = {
    "tensor_parallel_size": [1, 2],
    "weights": ["auto", "fp8"],
    "kv_cache": ["auto"],
    "max_num_seqs": [None],
    "max_num_batched_tokens": [None],
}

SEARCH = {"requests": 300, "tolerance": 0.05, "finalists": 2, "seeds": 1}


def small_plan(**keys: Any) -> Plan:
    """200 requests/s on H100 and L40S; ``keys`` replace keys of the plan, inside ``search`` and ``space`` too."""
    given: dict[str, Any] = {
        "model": "llama-3.1-8b",
        "workload": MIX,
        "hardware": ["h100", "l40s"],
        "goals": ["ttft:p95<200ms", "tpot:p95<40ms"],
        "traffic": {"rate_per_s": 200.0},
        "space": SPACE | keys.pop("space", {}),
        "search": SEARCH | keys.pop("search", {}),
    }
    return Plan(**(given | keys))
