"""A validation case: one measured serving run, as the case file describes it. Nothing simulated lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

QUALITIES = ("A", "B", "C")
WORKLOAD_KINDS = ("trace", "poisson", "closed_loop", "offline", "fixed_batch")


@dataclass(frozen=True)
class EngineFacts:
    """What is recorded of the engine; None = not recorded. ``num_kv_blocks`` counts blocks of one replica."""

    name: str
    version: str | None
    max_num_seqs: int | None
    max_num_batched_tokens: int | None
    max_model_len: int | None
    block_size: int | None
    num_kv_blocks: int | None
    gpu_memory_utilization: float | None
    enable_prefix_caching: bool | None
    enable_chunked_prefill: bool | None
    enforce_eager: bool | None
    async_scheduling: bool | None
    kv_cache_free_gpu_mem_fraction: float | None


@dataclass(frozen=True)
class LengthFacts:
    """Token counts of prompts or outputs: a fixed number, uniform bounds, quantiles, or only the mean.

    ``quantiles``: ``(cumulative probability, tokens)``, both rising; the maximum is that of probability 1.
    """

    fixed: int | None
    uniform: tuple[int, int] | None
    mean: float | None
    quantiles: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class PrefixFacts:
    """``cycle``: ``num_prompts`` distinct prompts come again in order; with ``prompts_per_group`` of them that share
    ``group_prefix_tokens`` leading tokens (``_nominal``: what the workload generator was asked for)."""

    scheme: str
    num_prompts: int | None
    prompts_per_group: int | None
    group_prefix_tokens: int
    group_prefix_tokens_nominal: int


@dataclass(frozen=True)
class Stage:
    """One load stage: Poisson arrivals at ``qps`` requests per second for ``duration_s`` seconds."""

    qps: float
    duration_s: float


@dataclass(frozen=True)
class WorkloadFacts:
    """What was sent, and which rows count: ``first_scored <= row < end_scored`` (None = to the end).

    ``arrival``: process that stands for the kind's own (``constant``), None = its own.
    """

    kind: str
    requests_file: Path | None
    qps: float | None
    concurrency: int | None
    batch: int | None
    num_requests: int | None
    prompt_tokens: LengthFacts
    output_tokens: LengthFacts
    prefix: PrefixFacts
    stages: tuple[Stage, ...]
    first_scored: int
    end_scored: int | None
    arrival: str | None = None


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes
    ----------
    weight_dtype, act_dtype, kv_dtype: number formats; None = the checkpoint's own.
    ``tensor_parallel_size`` counts devices of one replica.
    top_p_sampling: the engine ran top-p sampling.
    client_ttft: TTFT includes HTTP and tokenisation; else it counts from the engine's queue.
    score_metrics: families (``tpot``) or statistics (``ttft_p90``) worth scoring; None = all.
    measured: metric name with unit (``ttft_mean_ms``, ``output_tok_s``) -> value, over the scored rows.
    stage_measured: the same for each load stage.
    not_modelled: features the record names and the simulator lacks.
    source: where the record is from.
    peer_access: recorded whether devices reach each other's memory over the host bus; None = not recorded.
    data_parallel_size: engines of one copy that share the requests, each with ``tensor_parallel_size`` devices.
    expert_parallel_size: ranks that share out whole experts of a mixture; 1 = every rank has a part of each.
    """

    id: str
    group: str
    quality: str
    model: str
    weight_dtype: str | None
    act_dtype: str | None
    kv_dtype: str | None
    hardware: str
    replicas: int
    tensor_parallel_size: int
    engine: EngineFacts
    workload: WorkloadFacts
    top_p_sampling: bool
    client_ttft: bool
    score_metrics: tuple[str, ...] | None
    measured: Mapping[str, float]
    stage_measured: tuple[Mapping[str, float], ...] = field(default=())
    not_modelled: tuple[str, ...] = field(default=())
    source: str = ""
    peer_access: bool | None = None
    data_parallel_size: int = 1
    expert_parallel_size: int = 1

    def scores(self, metric: str) -> bool:
        """Whether a metric is worth scoring: its family, its statistic, or everything is."""
        if self.score_metrics is None:
            return True
        family = metric.split("_")[0]
        if metric in ("output_tok_s", "total_tok_s", "req_s"):
            family = "throughput"
        return family in self.score_metrics or metric.removesuffix("_ms") in self.score_metrics
