"""A case made ready to run: its requests and its replica, runnable again and again with other host terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.cluster.replica import StepSeconds
from simulator.cluster.simulation import SimulationOutcome, simulate
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.engine_profile import EngineProfile
from simulator.models.spec import ModelSpec
from simulator.operators.features import StepFeatures
from simulator.validation.assemble import Setup, assemble
from simulator.validation.case import Case
from simulator.validation.metrics import Floats, Mask, latency_figures, request_latencies_ms, throughput_figures
from simulator.validation.requests import CaseRequests, case_requests
from simulator.validation.sweep import PREFIX_UNKNOWN, swept_before


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
class PreparedCase:
    """Everything a run of the case needs."""

    case: Case
    requests: CaseRequests
    setup: Setup

    @property
    def engine(self) -> EngineProfile:
        """The host terms it runs with."""
        return self.setup.deployment.engine

    def with_engine(self, profile: EngineProfile) -> PreparedCase:
        """The same case under other host terms; blocks and limits stay as they are."""
        return replace(self, setup=replace(self.setup, deployment=replace(self.setup.deployment, engine=profile)))

    def cost(self) -> CompiledStepCost:
        """The cost of this replica's steps."""
        return CompiledStepCost(self.setup.deployment, max_num_batched_tokens=self.setup.engine.max_num_batched_tokens)

    def simulate(self, cost: StepSeconds, delivery_s: float | None = None) -> SimulationOutcome:
        """One run with these step costs; ``delivery_s`` (s) instead of the engine's delivery of first tokens."""
        # A fixed batch is timed inside the engine: its prompt time knows no API server.
        client = self.case.client_ttft and self.case.workload.kind != "fixed_batch"
        delivered_s = self.engine.api_delivery_s if delivery_s is None else delivery_s
        return simulate(
            self.requests.workload,
            self.setup.engine,
            cost,
            num_replicas=self.setup.replicas,
            api_latency_s=delivered_s if client else 0.0,
        )

    def prediction(self, outcome: SimulationOutcome) -> Prediction:
        """The figures of a run, under the names measurements have."""
        log, table = outcome.request_log, self.requests.workload.table
        latencies = request_latencies_ms(log)
        figures = latency_figures(latencies, self.requests.scored)
        figures |= throughput_figures(log, table, np.ones(len(table), dtype=bool))
        if self.case.workload.kind == "fixed_batch" and "ttft_mean_ms" in figures:
            figures["prompt_time_ms"] = figures["ttft_mean_ms"]  # all prompts end their prefill together
        return Prediction(self.requests, latencies, figures)


class ScaledCost:
    """A cost model whose every step takes ``factor`` times as long."""

    def __init__(self, cost: StepSeconds, factor: float) -> None:
        self._cost, self._factor = cost, factor

    def seconds(self, features: StepFeatures) -> float:
        return self._factor * self._cost.seconds(features)


def prepare(case: Case, models: Mapping[str, ModelSpec]) -> PreparedCase:
    """Requests and replica of a case. Raises ``Unsupported`` with the reason when it cannot be modelled."""
    requests = case_requests(case)
    if case.workload.kind == "trace" and case.workload.prefix.scheme == PREFIX_UNKNOWN:
        requests = swept_before(requests)
    return PreparedCase(case, requests, assemble(case, requests.workload, models))
