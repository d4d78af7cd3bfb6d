"""Vidur's two schedulers as configurations of ours.

``sarathi`` is our policy of that name as it is. Vidur's ``vllm`` is vLLM before its version 1: a step holds either
whole prompts or decodes, prompts first, and the prompts of a step are counted as padded to the longest.
"""

from __future__ import annotations

from simulator.engine.config import EngineConfig, PolicyName
from simulator.engine.core import ReferenceCore
from simulator.engine.plan import StepPlan
from simulator.engine.pool import BlockPool
from simulator.models.attention import GQAAttention
from simulator.models.spec import ModelSpec

BLOCK_SIZE, MAX_BATCH, MAX_REQUEST_TOKENS = 16, 128, 4096
SARATHI_CHUNK, VLLM_PADDED_TOKENS = 512, 4096
"""Vidur's defaults; the chunk is confirmed by the recorded times (see the page): steps of 512 tokens, not more."""
DEVICE_BYTES, MEMORY_MARGIN = 80 * 2**30, 0.1


class PrefillFirstCore(ReferenceCore):
    """Prompts whole and before everything else; decodes run only in steps that admit nobody."""

    def plan(self) -> StepPlan:
        """Decide the next step: waiting prompts if one may enter, else one token for each running request."""
        plan = self._new_plan()
        self._admit_prompts(plan)
        if not plan.rows:
            self._schedule_running(plan)
        self._advance(plan)
        return plan

    def _admit_prompts(self, plan: StepPlan) -> None:
        longest = 0
        while self.waiting and len(self.running) < self.config.max_num_seqs:
            request = self.waiting.peek()
            longest = max(longest, request.known)
            if longest * (len(plan.rows) + 1) > self.config.max_num_batched_tokens:
                break
            if not self.pool.admit(request, request.known, []):
                self.blocked_admissions += 1
                break
            self.waiting.pop()
            self._enter(request, 0)
            plan.features.admitted += 1
            self._schedule(plan, request, request.known, 0)


def core_for(
    scheduler: str, num_blocks: int, *, budget: int | None = None, policy: PolicyName = "sarathi"
) -> ReferenceCore:
    """The engine core that plays Vidur's ``sarathi`` or ``vllm`` scheduler.

    ``budget``: tokens of a step other than Vidur's; ``policy``: another policy of ours in the place of ``sarathi``.
    """
    chunked = scheduler == "sarathi"
    config = EngineConfig(
        policy=policy,
        num_blocks=num_blocks,
        block_size=BLOCK_SIZE,
        max_num_seqs=MAX_BATCH,
        max_num_batched_tokens=budget or (SARATHI_CHUNK if chunked else VLLM_PADDED_TOKENS),
        max_model_len=2 * MAX_REQUEST_TOKENS,
        enable_chunked_prefill=chunked,
    )
    core = ReferenceCore if chunked else PrefillFirstCore
    return core(config, BlockPool(num_blocks, BLOCK_SIZE))


def kv_blocks(model: ModelSpec, tensor_parallel_size: int) -> int:
    """KV blocks by Vidur's memory planner: whole slots of 4,096 tokens in 90 % of 80 GiB less the layers' weights.

    Weights and KV take 2 bytes an element; embedding and LM head are not counted, as in Vidur.
    """
    weights = 2.0 * model.layer_matmul_parameters / tensor_parallel_size
    room = DEVICE_BYTES * (1 - MEMORY_MARGIN) - weights
    per_token = 0
    for block, count in model.layer_groups:
        assert isinstance(block.attention, GQAAttention)
        per_token += count * 2 * 2 * block.attention.num_kv_heads * block.attention.head_dim
    slots = int(room // (MAX_REQUEST_TOKENS * per_token / tensor_parallel_size))
    return slots * (MAX_REQUEST_TOKENS // BLOCK_SIZE)
