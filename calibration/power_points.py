"""Published power of serving GPUs, and the weights of ``simulator.hardware.power`` fitted to them.

    python -m calibration.power_points

Decode draws were read off steady serving at a given batch, so they hold some prefill as well. Which Llama 3.1 the batch
sweep of H100 was run with is not said where we found it: it enters once as 8B on one card, once as 70B on four.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from simulator.hardware.power import HBM_WEIGHTS, power_model
from simulator.hardware.profile import PowerWeights

if TYPE_CHECKING:
    from simulator.cost.deployment import Deployment
    from simulator.cost.estimate import PhaseEstimate

SWEEP = (
    "H100 SXM, vLLM, power over batch: arXiv 2602.05116 figure 2 as read in vllm-project's fleet simulator docs, 2026"
)
FP8 = "4 x H100 SXM, Llama 3.3 70B FP8, vLLM 0.6.6, ShareGPT: gist of lhl, January 2025"
A100 = "8 x A100 SXM 80 GB, Nemotron 70B, vLLM: arXiv 2507.00418, 2,983 W for 8 GPUs"
PREFILL = "H100 SXM, prefill attention above 10 ms: apex_plus (MIT), median of 448 kernels"


@dataclass(frozen=True)
class PowerPoint:
    """``watts`` per GPU of a server that decodes ``batch`` sequences of about 768 tokens (prefill alone: batch 0)."""

    hardware: str
    model: str
    tp: int
    batch: int
    watts: float
    source: str
    weights: str | None = None


_BATCHES = ((1, 304.0), (4, 330.0), (16, 435.0), (32, 507.0), (64, 557.0), (128, 583.0))

POINTS = (
    *(PowerPoint("h100", "llama-3.1-8b", 1, batch, watts, SWEEP) for batch, watts in _BATCHES),
    *(PowerPoint("h100", "llama-3.1-70b", 4, batch, watts, SWEEP) for batch, watts in _BATCHES),
    PowerPoint("h100", "llama-3.1-70b", 4, 64, 480.0, FP8, "fp8"),
    PowerPoint("h100", "llama-3.1-70b", 4, 128, 520.0, FP8, "fp8"),
    PowerPoint("h100", "llama-3.1-8b", 1, 0, 692.0, PREFILL),
    PowerPoint("a100-80gb", "llama-3.1-70b", 8, 32, 373.0, A100),
)


def predicted_watts(point: PowerPoint, weights: PowerWeights | None = None) -> float:
    """Power of one GPU at the point, by the device's weights or by others."""
    from simulator.energy.batch_economics import phase_watts

    phase, deployment = _phase(point)
    device = deployment.hardware
    power = power_model(device if weights is None else replace(device, power_weights=weights))
    assert power is not None
    return phase_watts(phase, deployment, power)


@cache
def _phase(point: PowerPoint) -> tuple[PhaseEstimate, Deployment]:
    """The decode step of the point, or its prefill, in the engine version nearest to the measured ones."""
    from simulator.cost.estimate import estimate

    prompt, batch = (4096, 8) if point.batch == 0 else (512, point.batch)
    result = estimate(
        point.model,
        point.hardware,
        tp=point.tp,
        batch=batch,
        isl=prompt,
        osl=512,
        weight_dtype=point.weights,
        engine="vllm-0.10",
    )
    phase = result.prefill if point.batch == 0 else result.decode
    assert phase is not None
    return phase, result.deployment


def fitted_weights(points: tuple[PowerPoint, ...], network: float = HBM_WEIGHTS.network) -> PowerWeights:
    """Math and memory weights of least robust relative error over the points."""
    from scipy.optimize import least_squares

    def errors(x: Any, /) -> list[float]:
        weights = PowerWeights(float(x[0]), float(x[1]), network, "fit")
        return [predicted_watts(point, weights) / point.watts - 1 for point in points]

    best = least_squares(errors, [1.5, 0.4], loss="soft_l1", f_scale=0.05, diff_step=[1e-3, 1e-3])
    return PowerWeights(round(float(best.x[0]), 2), round(float(best.x[1]), 2), network, "fit")


if __name__ == "__main__":
    print(fitted_weights(tuple(point for point in POINTS if point.hardware == "h100")))
    for point in POINTS:
        watts = predicted_watts(point)
        name = f"{point.hardware} {point.model} {point.weights or ''} TP{point.tp} batch {point.batch}"
        print(f"{name:<45} {point.watts:5.0f} W, predicted {watts:5.0f} W ({watts / point.watts - 1:+.0%})")
