"""ReadableStepCost: seconds of one engine step, operator by operator. The reference for the compiled tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile, bounded
from simulator.cost.host_time import host_seconds, launch_floor_seconds
from simulator.cost.kernel_origin import kernel_origin
from simulator.cost.mixed_attention import as_one_call
from simulator.cost.operator_time import kernel_class, operator_seconds
from simulator.cost.roofline import Bound, bound_of, roofline_share
from simulator.cost.static_shapes import compiled_context, executed
from simulator.cost.uncertainty import HOST, Factors
from simulator.hardware.origin import NORMAL_80_PER_MEDIAN, NORMAL_90_PER_MEDIAN, Origin
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
    ``roofline``: share of what the nominal roofline allows (None for collectives and host time). ``kernel_class``: a
    field of ``KernelFits``, or ``host``.
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
    kernel_class: str

    @property
    def provenance(self) -> str:
        """How the kernel's constants (or the host term) are known."""
        return self.origin.provenance

    @property
    def layer(self) -> str:
        """Which layer of the cost model speaks: ``L0`` to ``L3``; empty for host terms."""
        return self.origin.layer

    @property
    def factors(self) -> Factors:
        """80 % band of measured / predicted of one kernel (or host term) of this kind."""
        return self.origin.factors


class ReadableStepCost:
    """Sums the operators of a step and the engine's host terms."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def seconds(self, features: StepFeatures) -> float:
        """Seconds of a step; 0 for a step without tokens. The sum of the ``breakdown``, without making it."""
        if not features.tokens:
            return 0.0
        features, work = self._work(features)
        kernels = [float(operator_seconds(item, self.deployment)) for item in work]
        host = self._host_seconds(features, self.deployment.engine, sum(kernels))
        return sum([*kernels, *host.values()])

    def breakdown(self, features: StepFeatures) -> list[OperatorTime]:
        """One row per operator, host terms last. They add up to ``seconds``."""
        if not features.tokens:
            return []
        features, work = self._work(features)
        rows = [self._operator(item) for item in work]
        return rows + [row for row in self._host(features, sum(row.seconds for row in rows)) if row.seconds > 0]

    def _work(self, features: StepFeatures) -> tuple[StepFeatures, list[Work]]:
        """What is executed of a step, and the calls that do it."""
        deployment = self.deployment
        features = executed(features, compiled_context(deployment))
        padded = deployment.engine.padded_tokens(features.tokens)
        work = step_work(deployment.model, deployment.layout, features, padded_tokens=padded)
        return features, list(as_one_call(work, features, deployment))

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
            origin=kernel_origin(work.shape, self.deployment),
            kernel_class=kernel_class(work.shape, self.deployment),
        )

    def _host_seconds(self, features: StepFeatures, engine: EngineProfile, device_s: float) -> dict[str, float]:
        """Host terms, and what the device waits for launches that take longer than its kernels."""
        waiting = launch_floor_seconds(self.deployment, engine) - device_s
        return host_seconds(features, self.deployment, engine) | {"launch_floor": max(0.0, waiting)}

    def _host(self, features: StepFeatures, device_s: float) -> list[OperatorTime]:
        """Host terms of the engine profile; the profile says how far each may be off."""
        engine = self.deployment.engine
        terms, least, most = (
            self._host_seconds(features, bounded(engine, side), device_s) for side in (None, "low", "high")
        )
        rows = []
        for name, seconds in terms.items():
            low, high = (other[name] / seconds if seconds else 1.0 for other in (least, most))
            error = max(high - 1.0, 1.0 - low) / NORMAL_80_PER_MEDIAN
            source = f"engine profile {engine.name}: {engine.source}"
            origin = Origin("fitted", source, 0, error, error * NORMAL_90_PER_MEDIAN, band=(low, high), layer="")
            rows.append(OperatorTime(name, seconds, 0.0, 0.0, 0.0, 0, "host", None, origin, HOST))
        return rows
