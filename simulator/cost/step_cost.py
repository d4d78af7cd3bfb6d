"""ReadableStepCost: seconds of one engine step, operator by operator. The reference for the compiled tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from simulator.cost.deployment import Deployment
from simulator.cost.operator_time import kernel_fit, operator_seconds
from simulator.cost.roofline import Bound, bound_of, roofline_share
from simulator.hardware.fits import Origin
from simulator.operators.features import StepFeatures
from simulator.operators.step import step_work
from simulator.operators.work import Work


class StepCost(Protocol):
    """What an engine replica asks: how long does this step take?"""

    def seconds(self, features: StepFeatures) -> float:
        """Seconds from the start of the step to its end on the device, host time included."""


@dataclass(frozen=True)
class OperatorTime:
    """One row of a breakdown.

    ``seconds``: all runs in the step. ``flops``, ``bytes``: of one rank, all runs. ``bound``: what limits it;
    ``roofline``: share of what the nominal roofline allows (None for collectives and host time).
    """

    name: str
    seconds: float
    flops: float
    bytes: float
    collective_bytes: float
    launches: int
    bound: Bound
    roofline: float | None
    origin: Origin


class ReadableStepCost:
    """Sums the operators of a step and the engine's host terms."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def seconds(self, features: StepFeatures) -> float:
        """Seconds of a step; 0 for a step without tokens."""
        return sum(row.seconds for row in self.breakdown(features))

    def breakdown(self, features: StepFeatures) -> list[OperatorTime]:
        """One row per operator, host terms last. They add up to ``seconds``."""
        if not features.tokens:
            return []
        deployment = self.deployment
        padded = deployment.engine.padded_tokens(features.tokens)
        work = step_work(deployment.model, deployment.layout, features, padded_tokens=padded)
        rows = [self._operator(item) for item in work]
        return rows + [row for row in self._host(features) if row.seconds > 0]

    def _operator(self, work: Work) -> OperatorTime:
        seconds = float(operator_seconds(work, self.deployment))
        return OperatorTime(
            name=work.name,
            seconds=seconds,
            flops=float(work.count * work.flops),
            bytes=float(work.count * (work.bytes_read + work.bytes_written)),
            collective_bytes=float(work.count * work.collective_bytes),
            launches=work.count * work.launches,
            bound=bound_of(work, self.deployment, seconds),
            roofline=roofline_share(work, self.deployment, seconds),
            origin=kernel_fit(work.shape, self.deployment).origin,
        )

    def _host(self, features: StepFeatures) -> list[OperatorTime]:
        """Host terms of the engine profile; the profile says how far each may be off."""
        engine = self.deployment.engine
        layers = self.deployment.model.num_layers
        origin = Origin("fitted", f"engine profile {engine.name}: {engine.source}", 0, 0.5, 1.0)
        per_step = engine.per_step_s + layers * engine.per_layer_s
        if features.prefill_seqs:
            per_step += layers * engine.per_layer_prefill_s
        sampler = 0.0
        if self.deployment.top_p_sampling and features.sampled:
            rows = features.sampled * self.deployment.model.vocab_size
            sampler = engine.sampler_step_s + rows * engine.sampler_row_s_per_word
        terms = {
            "host_step": per_step,
            "host_admission": features.admitted * engine.per_admitted_s,
            "top_p_sampler": sampler,
        }
        return [OperatorTime(name, seconds, 0.0, 0.0, 0.0, 0, "host", None, origin) for name, seconds in terms.items()]
