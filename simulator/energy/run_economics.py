"""Energy, cost and carbon of one run, from its records."""

from __future__ import annotations

import numpy as np

from simulator.cost.deployment import Deployment
from simulator.energy.device_energy import DeviceEnergy, run_intervals
from simulator.energy.figures import Figures, Served, figures
from simulator.energy.rules import EconomicsRules
from simulator.energy.token_split import input_share
from simulator.hardware.power import power_model
from simulator.metrics.summary import RunRecords
from simulator.metrics.window import Window, WindowRule, measured_window


def run_economics(
    deployment: Deployment, records: RunRecords, rules: EconomicsRules, window_rule: WindowRule
) -> Figures:
    """The figures of the measured window: what all replicas draw and cost in it, over the tokens that finish in it.

    Idle replicas draw power and cost money too. Raises ``InputError`` for an unknown node, and as ``measured_window``.
    """
    device, window = deployment.hardware, measured_window(records.log, window_rule)
    power = power_model(device)
    energy = None
    if power is not None:
        energy = DeviceEnergy.of(run_intervals(deployment, power, records.steps, window), rules.grid)
    return figures(device, power, rules, energy, _served(deployment, records, window))


def _served(deployment: Deployment, records: RunRecords, window: Window) -> Served:
    done = window.completed(records.log)
    return Served(
        seconds=window.duration_s,
        devices=len(records.steps) * deployment.tensor_parallel_size,
        requests=int(np.count_nonzero(done)),
        input_tokens=int(records.workload.table.prompt_tokens[done].sum()),
        output_tokens=int(records.log.column("emitted_tokens")[done].sum()),
        input_share=input_share(deployment, records.steps),
        start_s=window.start_s,
    )
