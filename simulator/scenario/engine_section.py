"""The ``engine`` section: vLLM's names, vLLM's defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.engine.config import PolicyName, QueueOrder
from simulator.scenario.section import AlsoWritten, Section

Count = Annotated[int, Field(ge=1, le=10_000_000)]
"""A whole number from 1 to ten million; more of anything here is a mistake that would exhaust memory."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""


class Speculation(Section):
    """``speculative_config``: drafts verified in each step.

    Attributes
    ----------
    num_speculative_tokens: drafts per step.
    acceptance: probability that draft j is accepted given that all before it were; one number holds for every
        position, a list gives one per position (measured rates usually fall with it).
    """

    num_speculative_tokens: Count
    acceptance: Annotated[list[Share], AlsoWritten({"type": "number", "minimum": 0, "maximum": 1})]

    @model_validator(mode="before")
    @classmethod
    def _one_rate_for_all(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("acceptance"), int | float):
            count = data.get("num_speculative_tokens")
            copies = count if isinstance(count, int) and 0 < count <= 1024 else 1
            return data | {"acceptance": [data["acceptance"]] * copies}
        return data

    @model_validator(mode="after")
    def _one_rate_each(self) -> Speculation:
        if len(self.acceptance) != self.num_speculative_tokens:
            rule = f"must be one number or one per draft ({self.num_speculative_tokens})"
            detail = {"rule": rule, "at": "acceptance", "value": self.acceptance, "hint": None}
            raise PydanticCustomError("input_error", "{rule}", detail)
        return self


class EngineSection(Section):
    """One replica's engine, in vLLM's names. None means: as the engine profile, the model and the device decide.

    Attributes
    ----------
    profile: engine version whose host costs and defaults are used (docs/engines.md), e.g. vllm-0.15.
    policy: how batches are formed (``inferplan list policies``).
    max_num_seqs: sequences that run at once; None = 1024 on devices of 70 GiB and more but the A100, else 256.
    max_num_batched_tokens: most in one step; None = 8192 on devices of 70 GiB and more but the A100, else 2048.
    max_model_len: longest prompt with its output, tokens; None = the model's, or what the KV cache holds.
    block_size: tokens of one KV cache block.
    gpu_memory_utilization: share of the device's memory for weights, activations and KV cache.
    enable_prefix_caching: whether KV blocks of earlier prompts are found again; never for models with a state.
    enable_chunked_prefill: whether a prompt may be computed over several steps.
    scheduling_policy: order of the waiting queue.
    long_prefill_token_threshold: most tokens of one prompt in a step; 0 = no limit of its own.
    async_scheduling: whether the next step is planned while one runs; None = as the engine version does.
    scheduler_reserve_full_isl: whether a request waits until all of its prompt fits the free KV blocks, not its first
        chunk alone; None = as the engine version does (vLLM 0.19 and later).
    num_gpu_blocks_override: KV cache blocks, instead of what memory allows.
    speculative_config: drafts verified in each step; None = no speculation.
    max_loras: distinct adapters in one step; 0 = no limit.
    batch_window_s: ``policy: dynamic`` only, longest wait for a batch to fill (s).
    """

    profile: str = "vllm-0.15"
    policy: PolicyName = "vllm_v1"
    max_num_seqs: Count | None = None
    max_num_batched_tokens: Count | None = None
    max_model_len: Count | None = None
    block_size: Count = 16
    gpu_memory_utilization: Annotated[float, Field(gt=0, le=1)] = 0.9
    enable_prefix_caching: bool = True
    enable_chunked_prefill: bool = True
    scheduling_policy: QueueOrder = "fcfs"
    long_prefill_token_threshold: Annotated[int, Field(ge=0)] = 0
    async_scheduling: bool | None = None
    scheduler_reserve_full_isl: bool | None = None
    num_gpu_blocks_override: Count | None = None
    speculative_config: Speculation | None = None
    max_loras: Annotated[int, Field(ge=0)] = 0
    batch_window_s: Annotated[float, Field(ge=0, le=1e9)] = 0.01

    @model_validator(mode="after")
    def _dynamic_batches_plan_nothing_ahead(self) -> EngineSection:
        if self.async_scheduling and self.policy == "dynamic":
            detail = {
                "rule": "dynamic batching waits for a batch between steps: none is planned while one runs",
                "at": "async_scheduling",
                "value": True,
                "hint": "set engine.async_scheduling: false, or leave it out",
            }
            raise PydanticCustomError("input_error", "{rule}", detail)
        return self

    @model_validator(mode="after")
    def _speculation_is_synchronous(self) -> EngineSection:
        if self.async_scheduling and self.speculative_config is not None:
            detail = {
                "rule": "speculation needs synchronous scheduling (vLLM 0.11)",
                "at": "async_scheduling",
                "value": True,
                "hint": "set engine.async_scheduling: false, or leave it out",
            }
            raise PydanticCustomError("input_error", "{rule}", detail)
        return self


class Dtypes(Section):
    """Number formats. ``auto``: weights and activations in the model's own, the KV cache like the activations.

    Attributes
    ----------
    weights: stored weights.
    activations: what linear layers multiply in; 8-bit weights bring activations of the same format unless set.
    kv_cache: stored keys and values.
    """

    weights: Literal["auto", "bf16", "fp16", "fp8", "int8"] = "auto"
    activations: Literal["auto", "bf16", "fp16", "fp8", "int8"] = "auto"
    kv_cache: Literal["auto", "bf16", "fp16", "fp8", "int8"] = "auto"
