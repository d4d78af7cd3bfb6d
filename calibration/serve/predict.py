"""The simulator's answer to what was served: the same requests, the same scheduler, steps timed by the cost model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.serve.server import Served
from simulator.cluster.simulation import simulate
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.engine.config import EngineConfig
from simulator.metrics.latency import Latencies
from simulator.workload.table import RequestTable
from simulator.workload.workload import Workload


@dataclass(frozen=True)
class Score:
    """One metric: predicted, median of the repeats, their spread ((largest - smallest) / median), relative error."""

    metric: str
    predicted: float
    measured: float
    spread: float

    @property
    def error(self) -> float:
        """Predicted over measured, less 1."""
        return self.predicted / self.measured - 1.0


def predict(deployment: Deployment, table: RequestTable, config: EngineConfig) -> Latencies:
    """Latencies of every request of the table (seconds)."""
    cost = CompiledStepCost(deployment, max_num_batched_tokens=config.max_num_batched_tokens)
    log = simulate(Workload(table), config, cost).request_log
    return Latencies.of(log, np.ones(len(table), dtype=bool))


def score(deployment: Deployment, table: RequestTable, config: EngineConfig, runs: Sequence[Served]) -> list[Score]:
    """Mean TTFT and TPOT (ms) of the repeats against the prediction, then the steps one by one.

    ``step_ms``: mean over all measured steps, each predicted from its own features, whatever the schedule became.
    """
    found = predict(deployment, table, config)
    cost = CompiledStepCost(deployment, max_num_batched_tokens=config.max_num_batched_tokens)
    steps = [features for run in runs for features, _ in run.steps]
    return [
        _score("mean_ttft_ms", float(found.ttft_s.mean()), [float(run.ttft_s.mean()) for run in runs]),
        _score("mean_tpot_ms", float(found.tpot_s.mean()), [float(run.tpot_s.mean()) for run in runs]),
        _score(
            "mean_step_ms",
            float(np.mean([cost.seconds(features) for features in steps])),
            [float(np.mean([seconds for _, seconds in run.steps])) for run in runs],
        ),
    ]


def step_errors(deployment: Deployment, config: EngineConfig, runs: Sequence[Served]) -> tuple[float, float]:
    """Median and 90th percentile of the absolute relative error of single steps."""
    cost = CompiledStepCost(deployment, max_num_batched_tokens=config.max_num_batched_tokens)
    errors = [abs(cost.seconds(features) / seconds - 1) for run in runs for features, seconds in run.steps]
    return float(np.median(errors)), float(np.quantile(errors, 0.9))


def _score(metric: str, predicted_s: float, measured_s: Sequence[float]) -> Score:
    middle = float(np.median(measured_s))
    spread = (max(measured_s) - min(measured_s)) / middle
    return Score(metric, predicted_s * 1e3, middle * 1e3, spread)
