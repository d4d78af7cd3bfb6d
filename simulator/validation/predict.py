"""Simulate one case: the prediction, and how far it moves when every step is as wrong as the cost model says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.cluster.replica import StepSeconds
from simulator.cluster.simulation import SimulationOutcome, simulate
from simulator.cost.compiled import CompiledStepCost
from simulator.metrics.logs import FINISHED
from simulator.metrics.step_mix import step_mix
from simulator.metrics.work import operator_shares, step_error
from simulator.models.spec import ModelSpec
from simulator.operators.features import StepFeatures
from simulator.validation.assemble import Setup, assemble
from simulator.validation.case import Case
from simulator.validation.metrics import Floats, Mask, latency_figures, request_latencies_ms, throughput_figures
from simulator.validation.requests import CaseRequests, case_requests
from simulator.validation.unsupported import Unsupported


@dataclass(frozen=True)
class Prediction:
    """What one simulation of a case gives. ``latencies_ms``: (n,) per request; ``requests``: what was sent."""

    requests: CaseRequests
    latencies_ms: dict[str, Floats]
    figures: dict[str, float]

    def over(self, rows: Mask) -> dict[str, float]:
        """Latency figures over some other rows than the scored ones."""
        return latency_figures(self.latencies_ms, rows)

    def stage(self, index: int) -> dict[str, float]:
        """Latency figures of one load stage."""
        return self.over(self.requests.scored & (self.requests.stage == index))


@dataclass(frozen=True)
class CasePrediction:
    """The prediction, and the runs with every step faster and slower by ``step_band`` (relative)."""

    nominal: Prediction
    fast: Prediction
    slow: Prediction
    step_band: float

    def bounds(self, metric: str) -> tuple[float, float]:
        """``(low, high)`` of a metric: least and greatest of the three runs."""
        values = [run.figures[metric] for run in (self.fast, self.nominal, self.slow) if metric in run.figures]
        return min(values), max(values)


def predict(case: Case, models: Mapping[str, ModelSpec]) -> CasePrediction:
    """Simulate a case three times. Raises ``Unsupported`` when it cannot be modelled.

    The band is the cost model's own statement: each operator off by the median error of its kernel class, all in the
    same direction, weighted by its share of the run. It goes through the scheduler, so that a queue answers to it.
    """
    requests = case_requests(case)
    setup = assemble(case, requests.workload, models)
    cost = CompiledStepCost(setup.deployment, max_num_batched_tokens=setup.engine.max_num_batched_tokens)
    outcome = _simulate(case, setup, requests, cost)
    if not (outcome.request_log.column("status") == FINISHED).any():
        reason = next(iter(outcome.request_log.refusals.values()), "nothing finished")
        raise Unsupported(f"every request was refused: {reason}")
    band = step_error(operator_shares(setup.deployment, step_mix(outcome.step_logs))) or 0.0
    fast, slow = (_simulate(case, setup, requests, _Scaled(cost, factor)) for factor in (1 - band, 1 + band))
    nominal, faster, slower = (_prediction(case, requests, run) for run in (outcome, fast, slow))
    return CasePrediction(nominal, faster, slower, band)


class _Scaled:
    """A cost model whose every step takes ``factor`` times as long."""

    def __init__(self, cost: StepSeconds, factor: float) -> None:
        self._cost, self._factor = cost, factor

    def seconds(self, features: StepFeatures) -> float:
        return self._factor * self._cost.seconds(features)


def _simulate(case: Case, setup: Setup, requests: CaseRequests, cost: StepSeconds) -> SimulationOutcome:
    # A fixed batch is timed inside the engine: its prompt time knows no API server.
    client = case.client_ttft and case.workload.kind != "fixed_batch"
    delivery_s = setup.deployment.engine.api_delivery_s if client else 0.0
    return simulate(requests.workload, setup.engine, cost, num_replicas=setup.replicas, api_latency_s=delivery_s)


def _prediction(case: Case, requests: CaseRequests, outcome: SimulationOutcome) -> Prediction:
    log, table = outcome.request_log, requests.workload.table
    latencies = request_latencies_ms(log)
    figures = latency_figures(latencies, requests.scored)
    figures |= throughput_figures(log, table, np.ones(len(table), dtype=bool))
    if case.workload.kind == "fixed_batch" and "ttft_mean_ms" in figures:
        figures["prompt_time_ms"] = figures["ttft_mean_ms"]  # all prompts end their prefill together
    return Prediction(requests, latencies, figures)
