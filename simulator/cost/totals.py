"""FLOPs and bytes of a whole run from the sums of its step statistics, for MFU and MBU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.deployment import Deployment
from simulator.operators.encoder import admission_work
from simulator.operators.features import StepFeatures
from simulator.operators.step import (
    decode_attention_work,
    decode_fixed_work,
    decode_statistics,
    prefill_attention_work,
    prefill_statistics,
    sampled_work,
    token_work,
)
from simulator.operators.work import Work


@dataclass(frozen=True)
class DeviceTotals:
    """Work of a replica, all its devices together, and what they could do per second.

    ``peak_flops_per_s``: dense peak in the format the layers multiply in; ``peak_bytes_per_s``: nominal bandwidth.
    """

    flops: float
    bytes: float
    peak_flops_per_s: float
    peak_bytes_per_s: float


def work_totals(deployment: Deployment, feature_totals: Mapping[str, int], steps: int) -> DeviceTotals:
    """FLOPs and bytes of ``steps`` steps whose statistics add up to ``feature_totals``.

    FLOPs follow the sums exactly (graph padding is not useful work and does not count). Bytes do for dense models: they
    are an affine function of each step's tokens and rows, so that the mean step times the number of steps is the sum.
    Approximations: every step is taken to sample (weights of the LM head are read once per step), and for mixtures
    of experts the distinct experts of the mean step stand for those of each step, which overstates uneven runs a
    little. Sliding windows are applied to the sums, and weights that expand latents or run an encoder are read once
    per step.
    """
    tp = deployment.tensor_parallel_size
    peak_flops = tp * deployment.hardware.peak(deployment.dtypes.activations)
    peak_bytes = tp * deployment.hardware.memory_bytes_per_s
    totals = StepFeatures.of_sums(feature_totals)
    if steps < 1 or not totals.tokens:
        return DeviceTotals(0.0, 0.0, peak_flops, peak_bytes)
    model, layout = deployment.model, deployment.layout
    mean_step = token_work(model, layout, totals.tokens / steps)
    if totals.sampled:
        mean_step += sampled_work(model, layout, totals.sampled / steps)
    if totals.decode_seqs:
        mean_step += decode_fixed_work(model, layout, totals.decode_seqs / steps, totals.decode_queries / steps)
    if totals.admitted:
        mean_step += admission_work(model, layout, totals.admitted / steps)
    attention: list[Work] = []
    if totals.prefill_seqs:
        attention += prefill_attention_work(model, layout, prefill_statistics(totals))
    if totals.decode_seqs:
        attention += decode_attention_work(model, layout, decode_statistics(totals))
    step_flops, step_bytes = _sums(mean_step)
    attention_flops, attention_bytes = _sums(attention)
    return DeviceTotals(
        flops=tp * (steps * step_flops + attention_flops),
        bytes=tp * (steps * step_bytes + attention_bytes),
        peak_flops_per_s=peak_flops,
        peak_bytes_per_s=peak_bytes,
    )


def _sums(work: list[Work]) -> tuple[float, float]:
    flops = sum(float(item.count * item.flops) for item in work)
    moved = sum(float(item.count * (item.bytes_read + item.bytes_written)) for item in work)
    return flops, moved
