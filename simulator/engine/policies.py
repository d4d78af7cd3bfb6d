"""Batching policies as data: each is the same scheduling idea with different answers to six questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.engine.config import EngineConfig, PolicyName


@dataclass(frozen=True)
class PolicyRules:
    """How a policy answers the questions the scheduler asks.

    Attributes
    ----------
    summary: one line for ``inferplan list policies``.
    reserve: KV blocks needed to enter: for the first ``chunk``, for the whole ``prompt``, or for the ``full`` output
        (then nothing is ever preempted).
    batch_only: a new batch forms only when the last one is gone; finished requests keep their seat, blocks and share
        of every step until then, and prompts are padded to the longest.
    windowed: a batch forms when it is full or its oldest request has waited ``batch_window_s``.
    token_budget: ``max_num_batched_tokens`` limits a step.
    may_chunk: prompts may be computed in pieces (``enable_chunked_prefill`` then decides).
    decode_first: decoding requests are served before unfinished prompts, whatever the order of admission.
    """

    summary: str
    reserve: Literal["chunk", "prompt", "full"] = "chunk"
    batch_only: bool = False
    windowed: bool = False
    token_budget: bool = True
    may_chunk: bool = True
    decode_first: bool = False

    def chunks(self, config: EngineConfig) -> bool:
        """Whether prompts are computed in pieces under this configuration."""
        return self.may_chunk and config.enable_chunked_prefill


POLICIES: dict[PolicyName, PolicyRules] = {
    "vllm_v1": PolicyRules("vLLM v1: continuous batching, chunked prefill, recompute on shortage"),
    "static": PolicyRules(
        "static batching: a batch starts together, padded, and ends with its longest output",
        reserve="full",
        batch_only=True,
        token_budget=False,
        may_chunk=False,
    ),
    "dynamic": PolicyRules(
        "dynamic batching: static batches that form when full or after batch_window_s",
        reserve="full",
        batch_only=True,
        windowed=True,
        token_budget=False,
        may_chunk=False,
    ),
    "orca": PolicyRules(
        "Orca: iteration-level batching, whole prompts, the full output reserved at admission",
        reserve="full",
        token_budget=False,
        may_chunk=False,
    ),
    "sarathi": PolicyRules(
        "Sarathi-Serve: decodes first, chunks fill the rest of the budget, whole prompt allocated at admission",
        reserve="prompt",
        decode_first=True,
    ),
    "guaranteed_no_evict": PolicyRules(
        "TensorRT-LLM's default: continuous batching, the full output reserved at admission",
        reserve="full",
    ),
}
