"""What was run, in one line: the headline of results, charts and rows of a sweep."""

from __future__ import annotations

from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.scenario.schema import Scenario
from simulator.wiring import Wiring


def run_title(scenario: Scenario, model: str, hardware: str, dtypes: dict[str, str], workload: str) -> str:
    """``Llama-3.1-8B on 2 x H100-SXM5-80GB, 3 replicas: 1,000 requests of ...``.

    ``dtypes``: formats of weights, activations and KV cache; said where one of them is narrower than 16 bit (8-bit
    weights bring 8-bit activations).
    """
    tp, replicas = scenario.parallel.tensor_parallel_size, scenario.replicas
    devices = f"{tp} x " if tp > 1 else ""
    times = f", {replicas} replicas" if replicas > 1 else ""
    return f"{model} on {devices}{hardware}{times}{_formats(dtypes)}: {workload}"


def wired_title(wiring: Wiring, workload: str) -> str:
    """The same of a wired scenario."""
    deployment = wiring.deployment
    return run_title(wiring.scenario, deployment.model.name, deployment.hardware.name, dtypes_of(wiring), workload)


def dtypes_of(wiring: Wiring) -> dict[str, str]:
    """Formats of weights, activations and KV cache, by the scenario's keys."""
    dtypes = wiring.deployment.dtypes
    return {"weights": dtypes.weights, "activations": dtypes.activations, "kv_cache": dtypes.kv}


def _formats(dtypes: dict[str, str]) -> str:
    if all(BYTES_PER_ELEMENT.get(dtype, 0) >= 2 for dtype in dtypes.values()):
        return ""
    return f" (weights {dtypes['weights']}, activations {dtypes['activations']}, KV {dtypes['kv_cache']})"
