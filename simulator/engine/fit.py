"""Requests no state of the replica could ever run, and configurations under which requests could starve."""

from __future__ import annotations

from simulator.engine.config import EngineConfig
from simulator.engine.policies import POLICIES
from simulator.engine.request import Request
from simulator.errors import InputError


class NeverFits(Exception):
    """A request that is refused at arrival; the message says why."""


def refuse_if_never_fits(request: Request, config: EngineConfig, num_blocks: int) -> None:
    """Raise ``NeverFits`` when the request cannot run even on an idle replica.

    vLLM would let it preempt itself for ever; a user wants to be told.
    """
    if request.prompt_tokens >= config.max_model_len:
        raise NeverFits(
            f"prompt of {request.prompt_tokens} tokens leaves no room for output under "
            f"max_model_len {config.max_model_len}"
        )
    blocks = -(-(request.limit - 1) // config.block_size)
    if blocks > num_blocks:
        raise NeverFits(
            f"{request.limit - 1} tokens need {blocks} KV blocks of {config.block_size}, the replica has {num_blocks}"
        )


def check_config(config: EngineConfig) -> None:
    """Raise ``InputError`` for a configuration in which a valid request could wait for ever (vLLM refuses it too)."""
    rules = POLICIES[config.policy]
    if rules.token_budget and not rules.chunks(config) and config.max_num_batched_tokens < config.max_model_len:
        raise InputError(
            f"must be at least max_model_len ({config.max_model_len}) when prompts are not chunked",
            path="engine.max_num_batched_tokens",
            value=config.max_num_batched_tokens,
            hint="set engine.enable_chunked_prefill: true, or lower engine.max_model_len",
        )
