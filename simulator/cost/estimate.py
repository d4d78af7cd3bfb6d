"""``estimate``: the closed-form answer for one fixed batch - no arrivals, no queue, no interference.

The batch is prefilled together in one step (or as many as the engine's token budget needs) and then decodes in
lock-step. What an engine under traffic does to these figures is the business of ``simulator.run``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cost.deployment import Deployment, dtypes_for
from simulator.cost.engine_profile import DEFAULT_ENGINE
from simulator.cost.kernel_error import typical_error
from simulator.cost.memory import MemoryPlan, default_limits, kv_plan
from simulator.cost.step_cost import OperatorTime, ReadableStepCost
from simulator.errors import InputError
from simulator.hardware.profile import GIB
from simulator.models.spec import ModelSpec
from simulator.operators.features import StepFeatures

if TYPE_CHECKING:
    import pandas as pd

    from simulator.hardware.profile import HardwareProfile


@dataclass(frozen=True)
class PhaseEstimate:
    """One phase of the batch: the prefill of all prompts, or one decode step at mean context.

    ``seconds`` is the phase's time; ``band`` its typical relative error (``cost.kernel_error``: no bound);
    ``operators`` the rows that add up to it (several steps of a prefill are summed by operator).
    """

    name: str
    seconds: float
    band: float
    operators: tuple[OperatorTime, ...]


@dataclass(frozen=True)
class EstimateResult:
    """What ``estimate`` found. Seconds, bytes, tokens per second; ``band`` fields are relative.

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

    @property
    def phases(self) -> tuple[PhaseEstimate, ...]:
        """Prefill, and decode when there is one."""
        return (self.prefill,) if self.decode is None else (self.prefill, self.decode)

    @property
    def throughput_band(self) -> float:
        """Typical relative error of ``output_tokens_per_s``: that of the phase it comes from."""
        return self.phases[-1].band

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
        """Per operator and phase: milliseconds, share, bound, roofline share, FLOPs, bytes, provenance, error."""
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
                "median_error": row.origin.median_error,
                "p90_error": row.origin.p90_error,
            }
            for phase in self.phases
            for row in phase.operators
        ]
        return pd.DataFrame(rows)

    def summary(self) -> dict[str, Any]:
        """Plain figures for JSON: names carry their units, bands are relative."""
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
            "ttft_band": self.prefill.band,
            "tpot_ms": None if self.tpot_s is None else self.tpot_s * 1e3,
            "tpot_band": None if self.decode is None else self.decode.band,
            "e2el_ms": self.e2e_s * 1e3,
            "output_throughput": self.output_tokens_per_s,
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
        per_s = rounded(self.output_tokens_per_s, self.throughput_band)
        tpot = ""
        if self.tpot_s is not None and self.decode is not None:
            tpot = f"TPOT {with_band(self.tpot_s * 1e3, self.decode.band)} ms, "
        return (
            f"{deployment.model.name} on {devices}, batch {self.batch:,}, {self.isl:,} in, {self.osl:,} out\n"
            f"  TTFT {with_band(self.ttft_s * 1e3, self.prefill.band)} ms, {tpot}{per_s} output tok/s\n"
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
) -> EstimateResult:
    """Latency, throughput and memory of one batch of ``batch`` equal requests, ``isl`` tokens in and ``osl`` out.

    Raises ``InputError`` for unknown names, parts that do not fit together, and a batch whose KV does not fit.
    """
    deployment = Deployment.of(model, hardware, tensor_parallel_size=tp, engine=engine)
    if weight_dtype or activation_dtype or kv_dtype:
        model, hardware = deployment.model, deployment.hardware
        dtypes = dtypes_for(model, hardware, weights=weight_dtype, activations=activation_dtype, kv=kv_dtype)
        deployment = Deployment.of(model, hardware, tensor_parallel_size=tp, dtypes=dtypes,
                                   engine=engine)  # fmt: skip
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
    return EstimateResult(deployment, batch, isl, osl, prefill, decode, memory, ttft, tpot, e2e, batch * osl / e2e)


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
    return _phase("prefill", rows)


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
    return _phase("decode", ReadableStepCost(deployment).breakdown(features))


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
    )


def _phase(name: str, rows: list[OperatorTime]) -> PhaseEstimate:
    """Rows of one operator - from several steps, or kinds of layers - are added up."""
    merged: dict[str, OperatorTime] = {}
    for row in rows:
        merged[row.name] = _added(merged[row.name], row) if row.name in merged else row
    operators = tuple(merged.values())
    band = typical_error((row.seconds, row.origin.median_error) for row in operators) or 0.0
    return PhaseEstimate(name, sum(row.seconds for row in operators), band, operators)


def rounded(value: float, band: float) -> str:
    """A figure with no more digits than its band supports: to the band's first digit, the second when that is a 1."""
    if value == 0:
        return "0"
    uncertainty = abs(value) * max(band, 1e-3)
    exponent = math.floor(math.log10(uncertainty))
    if uncertainty / 10**exponent < 2:
        exponent -= 1
    return f"{round(value / 10**exponent) * 10**exponent:,.{max(0, -exponent)}f}"


def with_band(value: float, band: float) -> str:
    """A figure and its band, ``6.2 ± 0.7``."""
    return f"{rounded(value, band)} ± {rounded(value * band, 1.0)}"
