"""``estimate``: the closed-form answer for one fixed batch - no arrivals, no queue, no interference.

The batch is prefilled together in one step (or as many as the engine's token budget needs) and then decodes in
lock-step. What an engine under traffic does to these figures is the business of ``simulator.run``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cost.band_text import with_range
from simulator.cost.deployment import Deployment, dtypes_for
from simulator.cost.engine_profile import DEFAULT_ENGINE
from simulator.cost.estimate_band import EstimateBands, Range, estimate_bands
from simulator.cost.memory import MemoryPlan, default_limits, kv_plan
from simulator.cost.step_cost import OperatorTime, ReadableStepCost
from simulator.cost.uncertainty import Factors, load_band_terms, step_band
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.profile import GIB, HardwareProfile
from simulator.hardware.user_fits import user_fits
from simulator.models.spec import ModelSpec
from simulator.operators.features import StepFeatures

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PhaseEstimate:
    """One phase of the batch: the prefill of all prompts, or one decode step at mean context.

    ``seconds`` is the phase's time; ``factors`` its 80 % band (``cost.uncertainty``), relative to it; ``operators`` the
    rows that add up to it (several steps of a prefill are summed by operator).
    """

    name: str
    seconds: float
    factors: Factors
    operators: tuple[OperatorTime, ...]

    @property
    def band(self) -> float:
        """Half the width of the 80 % band, relative."""
        low, high = self.factors
        return (high - low) / 2


@dataclass(frozen=True)
class EstimateResult:
    """What ``estimate`` found. Seconds, bytes, tokens per second; ``bands`` holds the 80 % band of each figure.

    ``ttft_s``: from the batch's submission to its first tokens, API delivery included. ``decode`` and ``tpot_s``: one
    decode step at mean context (prompt + half the output), None when the prefill gives the only token.
    ``output_tokens_per_s`` counts the whole batch from submission to end.
    """

    deployment: Deployment
    batch: int
    isl: int
    osl: int
    prefill: PhaseEstimate
    decode: PhaseEstimate | None
    memory: MemoryPlan
    ttft_s: float
    tpot_s: float | None
    e2e_s: float
    output_tokens_per_s: float
    bands: EstimateBands

    @property
    def phases(self) -> tuple[PhaseEstimate, ...]:
        """Prefill, and decode when there is one."""
        return (self.prefill,) if self.decode is None else (self.prefill, self.decode)

    @property
    def tokens_per_s_per_user(self) -> float | None:
        """1 / TPOT: how fast one user sees tokens."""
        return None if self.tpot_s is None else 1.0 / self.tpot_s

    @property
    def batch_bytes_per_gpu(self) -> float:
        """KV cache (and state) this batch fills at its longest."""
        return self.memory.batch_bytes_per_gpu(self.batch, self.isl + self.osl)

    @property
    def batch_blocks(self) -> int:
        """KV blocks this batch fills at its longest."""
        return self.batch * self.memory.blocks_of(self.isl + self.osl)

    def to_frame(self) -> pd.DataFrame:
        """Per operator and phase: milliseconds, share, bound, roofline share, FLOPs, bytes, origin and error."""
        import pandas as pd

        rows = [
            {
                "phase": phase.name,
                "operator": row.name,
                "time_ms": row.seconds * 1e3,
                "share": row.seconds / phase.seconds,
                "bound": row.bound,
                "roofline": row.roofline,
                "flops": row.flops,
                "bytes": row.bytes,
                "collective_bytes": row.collective_bytes,
                "launches": row.launches,
                "provenance": row.origin.provenance,
                "layer": row.origin.layer,
                "median_error": row.origin.median_error,
                "p90_error": row.origin.p90_error,
            }
            for phase in self.phases
            for row in phase.operators
        ]
        return pd.DataFrame(rows)

    def summary(self) -> dict[str, Any]:
        """Plain figures for JSON: names carry their units, ``_low`` and ``_high`` give the 80 % band."""
        deployment = self.deployment
        return {
            "model": deployment.model.name,
            "hardware": deployment.hardware.name,
            "tensor_parallel_size": deployment.tensor_parallel_size,
            "weight_dtype": deployment.dtypes.weights,
            "activation_dtype": deployment.dtypes.activations,
            "kv_dtype": deployment.dtypes.kv,
            "batch": self.batch,
            "isl": self.isl,
            "osl": self.osl,
            "ttft_ms": self.ttft_s * 1e3,
            **_ends("ttft_ms", self.bands.ttft_s, 1e3),
            "tpot_ms": None if self.tpot_s is None else self.tpot_s * 1e3,
            **_ends("tpot_ms", self.bands.tpot_s, 1e3),
            "e2el_ms": self.e2e_s * 1e3,
            **_ends("e2el_ms", self.bands.e2e_s, 1e3),
            "output_throughput": self.output_tokens_per_s,
            **_ends("output_throughput", self.bands.output_tokens_per_s),
            "output_throughput_per_gpu": self.output_tokens_per_s / deployment.tensor_parallel_size,
            "weight_gib_per_gpu": self.memory.weight_bytes_per_gpu / GIB,
            "batch_kv_gib_per_gpu": self.batch_bytes_per_gpu / GIB,
            "kv_gib_per_gpu": self.memory.kv_bytes_per_gpu / GIB,
            "kv_cache_tokens": self.memory.max_tokens,
            "kv_blocks": self.memory.usable_blocks,
        }

    def __repr__(self) -> str:
        deployment = self.deployment
        devices = f"{deployment.tensor_parallel_size} x {deployment.hardware.name}"
        per_s = with_range(self.output_tokens_per_s, *self.bands.output_tokens_per_s, "output tok/s")
        tpot = f"TPOT {milliseconds_with_range(self.tpot_s, self.bands.tpot_s)}, " if self.tpot_s is not None else ""
        return (
            f"{deployment.model.name} on {devices}, batch {self.batch:,}, {self.isl:,} in, {self.osl:,} out\n"
            f"  TTFT {milliseconds_with_range(self.ttft_s, self.bands.ttft_s)}, {tpot}{per_s}\n"
            f"  per GPU: weights {self.memory.weight_bytes_per_gpu / GIB:.1f} GiB, KV of this batch "
            f"{self.batch_bytes_per_gpu / GIB:.1f} of {self.memory.kv_bytes_per_gpu / GIB:.1f} GiB "
            f"({self.memory.max_tokens:,} tokens)"
        )


def estimate(
    model: ModelSpec | str | Path,
    hardware: HardwareProfile | str | Path,
    *,
    tp: int = 1,
    batch: int = 1,
    isl: int = 1024,
    osl: int = 128,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    kv_dtype: str | None = None,
    engine: str | Path = DEFAULT_ENGINE,
    gpu_memory_utilization: float = 0.9,
    fits: str | Path | None = None,
    exact: str | Path | None = None,
) -> EstimateResult:
    """Latency, throughput and memory of one batch of ``batch`` equal requests, ``isl`` tokens in and ``osl`` out.

    ``fits``, ``exact``: the user's own kernel constants and measured rows of this hardware (``hardware.user_fits``).
    Raises ``InputError`` for unknown names, parts that do not fit together, and a batch whose KV does not fit.
    """
    device = hardware if isinstance(hardware, HardwareProfile) else load_hardware(hardware)
    kernels = user_fits(device, fits, exact)
    deployment = Deployment.of(model, device, tensor_parallel_size=tp, engine=engine, fits=kernels)
    if weight_dtype or activation_dtype or kv_dtype:
        dtypes = dtypes_for(deployment.model, device, weights=weight_dtype, activations=activation_dtype, kv=kv_dtype)
        deployment = replace(deployment, dtypes=dtypes)
    return estimate_deployment(deployment, batch=batch, isl=isl, osl=osl, gpu_memory_utilization=gpu_memory_utilization)


def estimate_deployment(
    deployment: Deployment, *, batch: int = 1, isl: int = 1024, osl: int = 128, gpu_memory_utilization: float = 0.9
) -> EstimateResult:
    """``estimate`` for a deployment that stands already."""
    for name, value in (("batch", batch), ("isl", isl), ("osl", osl)):
        if value < 1:
            raise InputError("must be at least 1", path=name, value=value)
    memory = kv_plan(deployment, gpu_memory_utilization=gpu_memory_utilization, max_num_seqs=batch)
    _check_lengths(deployment, memory, batch, isl, osl)
    prefill = _prefill(deployment, batch, isl)
    decode = _decode(deployment, batch, isl, osl) if osl > 1 else None
    ttft, tpot = prefill.seconds + deployment.engine.api_delivery_s, None if decode is None else decode.seconds
    e2e = ttft + (osl - 1) * (tpot or 0.0)
    bands = estimate_bands(
        deployment,
        (prefill.seconds, prefill.factors),
        None if decode is None else (decode.seconds, decode.factors),
        decode_steps=osl - 1,
        output_tokens=batch * osl,
        terms=load_band_terms(),
    )
    speed = batch * osl / e2e
    return EstimateResult(deployment, batch, isl, osl, prefill, decode, memory, ttft, tpot, e2e, speed, bands)


def _check_lengths(deployment: Deployment, memory: MemoryPlan, batch: int, isl: int, osl: int) -> None:
    longest = deployment.model.max_position_embeddings
    if isl + osl > longest:
        raise InputError(
            f"must not exceed {deployment.model.name}'s longest context of {longest} tokens", path="isl + osl",
            value=isl + osl,
        )  # fmt: skip
    if memory.max_sequences is not None and batch > memory.max_sequences:
        raise InputError(
            f"must not exceed the {memory.max_sequences} sequences whose state fits in memory",
            path="batch",
            value=batch,
        )
    blocks = memory.blocks_of(isl + osl)
    if batch * blocks > memory.usable_blocks:
        most = memory.usable_blocks // blocks
        raise InputError(
            f"{batch} x {isl + osl} tokens of KV do not fit in {memory.max_tokens:,} tokens of cache",
            path="batch",
            value=batch,
            hint=f"at most batch {most} of these lengths fits" if most else "not even one such request fits",
        )


def _prefill(deployment: Deployment, batch: int, isl: int) -> PhaseEstimate:
    """All prompts, in as few steps as the default token budget allows; chunks are filled in request order."""
    budget, _ = default_limits(deployment.hardware)
    cost = ReadableStepCost(deployment)
    rows = [row for features in _prefill_steps(batch, isl, budget) for row in cost.breakdown(features)]
    return _phase("prefill", rows, deployment)


def _prefill_steps(batch: int, isl: int, budget: int) -> list[StepFeatures]:
    steps: list[StepFeatures] = []
    request, done = 0, 0
    while request < batch:
        step, room = StepFeatures(), budget
        while room and request < batch:
            new = min(room, isl - done)
            step.add_chunk(new, done)
            step.tokens += new
            step.admitted += done == 0
            done, room = done + new, room - new
            if done == isl:
                step.sampled += 1
                request, done = request + 1, 0
        steps.append(step)
    return steps


def _decode(deployment: Deployment, batch: int, isl: int, osl: int) -> PhaseEstimate:
    context = isl + (osl + 1) // 2
    features = StepFeatures(
        tokens=batch, sampled=batch, decode_seqs=batch, decode_queries=batch, decode_kv=batch * context
    )
    return _phase("decode", ReadableStepCost(deployment).breakdown(features), deployment)


def _added(first: OperatorTime, second: OperatorTime) -> OperatorTime:
    """The same operator in two steps or kinds of layers; the longer one says what bounds it."""
    longer = first if first.seconds >= second.seconds else second
    seconds = first.seconds + second.seconds
    roofline = None
    if first.roofline is not None and second.roofline is not None:
        roofline = (first.roofline * first.seconds + second.roofline * second.seconds) / seconds
    return OperatorTime(
        name=first.name,
        seconds=seconds,
        flops=first.flops + second.flops,
        bytes=first.bytes + second.bytes,
        collective_bytes=first.collective_bytes + second.collective_bytes,
        launches=first.launches + second.launches,
        bound=longer.bound,
        roofline=roofline,
        origin=longer.origin,
        kernel_class=longer.kernel_class,
    )


def _phase(name: str, rows: list[OperatorTime], deployment: Deployment) -> PhaseEstimate:
    """Rows of one operator - from several steps, or kinds of layers - are added up."""
    merged: dict[str, OperatorTime] = {}
    for row in rows:
        merged[row.name] = _added(merged[row.name], row) if row.name in merged else row
    operators = tuple(merged.values())
    return PhaseEstimate(name, sum(row.seconds for row in operators), step_band(deployment, rows), operators)


def milliseconds_with_range(seconds: float, band: Range | None) -> str:
    """``24.1 ms (22.6-25.7)``."""
    low, high = band or (seconds, seconds)
    return with_range(seconds * 1e3, low * 1e3, high * 1e3, "ms")


def _ends(key: str, band: Range | None, unit: float = 1.0) -> dict[str, float | None]:
    low, high = (None, None) if band is None else (end * unit for end in band)
    return {f"{key}_low": low, f"{key}_high": high}
