"""EngineConfig: the numbers a scheduler needs, in vLLM's names. No hardware, no model, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.errors import InputError

PolicyName = Literal["vllm_v1", "static", "dynamic", "orca", "sarathi", "guaranteed_no_evict"]
QueueOrder = Literal["fcfs", "priority"]

POLICY_NAMES: tuple[str, ...] = ("vllm_v1", "static", "dynamic", "orca", "sarathi", "guaranteed_no_evict")


@dataclass(frozen=True)
class EngineConfig:
    """Limits and switches of one replica's scheduler.

    Attributes (vLLM's meaning where vLLM has the name)
    ---------------------------------------------------
    policy: batching policy, see ``simulator.engine.policies``.
    num_blocks: KV blocks a request may use, >= 1 (vLLM's ``num_gpu_blocks`` less its reserved null block).
    block_size: tokens per KV block.
    max_num_seqs: most requests in ``running``.
    max_num_batched_tokens: token budget of a step.
    max_model_len: most tokens (prompt + output) of one request.
    enable_prefix_caching, enable_chunked_prefill: switches.
    scheduling_policy: order of the waiting queue and choice of preemption victims.
    long_prefill_token_threshold: most tokens of one request in one step; 0 = no limit.
    async_scheduling: the next step is planned while one runs (one step of lag).
    scheduler_reserve_full_isl: a request enters only when all tokens it knows fit the free blocks, though it takes
        those of its first chunk only (vLLM's default since pull request 37307, March 2026).
    num_speculative_tokens: drafts per request and step; 0 = no speculation.
    max_loras: most distinct adapters in a step; 0 = no limit.
    batch_window_s: ``dynamic`` only: longest time (s) the oldest waiting request waits for a batch to fill.
    """

    policy: PolicyName = "vllm_v1"
    num_blocks: int = 1
    block_size: int = 16
    max_num_seqs: int = 256
    max_num_batched_tokens: int = 2048
    max_model_len: int = 16384
    enable_prefix_caching: bool = False
    enable_chunked_prefill: bool = True
    scheduling_policy: QueueOrder = "fcfs"
    long_prefill_token_threshold: int = 0
    async_scheduling: bool = False
    scheduler_reserve_full_isl: bool = False
    num_speculative_tokens: int = 0
    max_loras: int = 0
    batch_window_s: float = 0.01

    def __post_init__(self) -> None:
        positive = ("num_blocks", "block_size", "max_num_seqs", "max_num_batched_tokens", "max_model_len")
        for name in positive:
            if getattr(self, name) < 1:
                raise InputError("must be at least 1", path=f"engine.{name}", value=getattr(self, name))
        for name in ("long_prefill_token_threshold", "num_speculative_tokens", "max_loras", "batch_window_s"):
            if getattr(self, name) < 0:
                raise InputError("must not be negative", path=f"engine.{name}", value=getattr(self, name))
        if self.policy not in POLICY_NAMES:
            raise InputError(f"must be one of {', '.join(POLICY_NAMES)}", path="engine.policy", value=self.policy)
        if self.scheduling_policy not in ("fcfs", "priority"):
            raise InputError("must be fcfs or priority", path="engine.scheduling_policy", value=self.scheduling_policy)
        if self.async_scheduling and self.num_speculative_tokens:
            raise InputError(
                "speculation needs synchronous scheduling (vLLM 0.11)",
                path="engine.async_scheduling",
                value=True,
                hint="set engine.async_scheduling: false",
            )
