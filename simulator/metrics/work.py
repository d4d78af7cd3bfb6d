"""What the run's steps asked of the devices, from the cost model: FLOPs, bytes, seconds by operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import ReadableStepCost
from simulator.cost.totals import DeviceTotals, work_totals
from simulator.cost.uncertainty import Factors
from simulator.metrics.logs import StepLog
from simulator.metrics.step_mix import StepKind, step_mix


@dataclass(frozen=True)
class OperatorShare:
    """Mean seconds an operator takes in a step of the run, what bounds it most of that time, and how its time is known.

    ``layer``: of the cost model (``L0`` to ``L3``). ``median_error``: stated absolute relative error of a
    single kernel of its class; ``factors``: 80 % band of one.
    """

    name: str
    seconds: float
    bound: str
    provenance: str
    layer: str
    median_error: float
    kernel_class: str
    factors: Factors


def run_totals(deployment: Deployment, logs: Sequence[StepLog]) -> DeviceTotals:
    """FLOPs and bytes of all steps of all replicas, with the peaks of one replica.

    Steps with and without prefill are added up apart: their batches differ so much that one mean step would touch more
    experts of an MoE layer than either kind does.
    """
    kinds = [work_totals(deployment, kind.sums, kind.steps) for kind in step_mix(logs)]
    peaks = work_totals(deployment, {}, 0)
    return replace(peaks, flops=sum(kind.flops for kind in kinds), bytes=sum(kind.bytes for kind in kinds))


def operator_shares(deployment: Deployment, mix: Sequence[StepKind]) -> list[OperatorShare]:
    """Every operator's mean seconds per step: the readable cost model at the mean step of each kind, weighted."""
    cost, steps = ReadableStepCost(deployment), sum(kind.steps for kind in mix)
    found: dict[str, list[OperatorShare]] = {}
    for kind in mix:
        for row in cost.breakdown(kind.mean):
            seconds = row.seconds * kind.steps / steps
            share = OperatorShare(
                row.name,
                seconds,
                row.bound,
                row.origin.provenance,
                row.layer,
                row.origin.median_error,
                row.kernel_class,
                row.factors,
            )
            found.setdefault(row.name, []).append(share)
    return [_joined(parts) for parts in found.values()]


def _joined(parts: list[OperatorShare]) -> OperatorShare:
    longest = max(parts, key=lambda part: part.seconds)
    seconds = sum(part.seconds for part in parts)
    return replace(longest, seconds=seconds)
