"""Energy, cost and carbon of one batch of ``estimate``: prefill and decode back to back, nothing idle."""

from __future__ import annotations

import numpy as np

from simulator.cost.deployment import Deployment
from simulator.cost.estimate import EstimateResult, PhaseEstimate
from simulator.energy.device_energy import DeviceEnergy, Interval
from simulator.energy.figures import Figures, Served, figures
from simulator.energy.rules import EconomicsRules
from simulator.hardware.power import PowerModel, power_model


def batch_economics(result: EstimateResult, rules: EconomicsRules | None = None) -> Figures:
    """The figures of the batch from submission to its last token, under ``rules`` (default: the profile's and ours)."""
    rules = rules or EconomicsRules()
    deployment = result.deployment
    power = power_model(deployment.hardware)
    energy = None if power is None else _energy(result, power, rules)
    busy = result.prefill.seconds + _decode_seconds(result)
    served = Served(
        seconds=result.e2e_s,
        devices=deployment.tensor_parallel_size,
        requests=result.batch,
        input_tokens=result.batch * result.isl,
        output_tokens=result.batch * result.osl,
        input_share=result.prefill.seconds / busy,
    )
    return figures(deployment.hardware, power, rules, energy, served)


def phase_watts(phase: PhaseEstimate, deployment: Deployment, power: PowerModel) -> float:
    """Power of one device during a phase (W)."""
    device, tp = deployment.hardware, deployment.tensor_parallel_size
    flops = sum(row.flops for row in phase.operators) / phase.seconds
    moved = sum(row.bytes for row in phase.operators) / phase.seconds
    wire = sum(row.collective_bytes for row in phase.operators) * 2.0 * (tp - 1) / tp / phase.seconds
    return float(
        power.watts(
            flops / device.peak(deployment.dtypes.activations),
            moved / device.memory_bytes_per_s,
            wire / device.group_bytes_per_s(tp),
        )
    )


def _energy(result: EstimateResult, power: PowerModel, rules: EconomicsRules) -> DeviceEnergy:
    """Prefill, then decode steps; delivery to the client is on standby."""
    deployment, at_s = result.deployment, 0.0
    intervals = []
    for phase, seconds in ((result.prefill, result.prefill.seconds), (result.decode, _decode_seconds(result))):
        if phase is not None:
            watts = deployment.tensor_parallel_size * phase_watts(phase, deployment, power)
            intervals.append(_interval("busy", at_s, at_s + seconds, watts))
            at_s += seconds
    standby = deployment.tensor_parallel_size * power.standby_w
    intervals.append(_interval("standby", at_s, result.e2e_s, standby))
    return DeviceEnergy.of(intervals, rules.grid)


def _decode_seconds(result: EstimateResult) -> float:
    return (result.osl - 1) * (result.tpot_s or 0.0)


def _interval(state: str, start_s: float, end_s: float, watts: float) -> Interval:
    return Interval(state, np.array([start_s]), np.array([max(start_s, end_s)]), np.array([watts]))
