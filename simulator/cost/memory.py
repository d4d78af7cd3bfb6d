"""Memory plan of a replica: weights, reserve, KV blocks, as vLLM computes them.

``KV bytes per GPU = gpu_memory_utilization * memory the driver reports - weights - reserve``; the reserve (activations,
graphs, buffers) comes from the engine profile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.cost.deployment import Deployment
from simulator.errors import InputError
from simulator.hardware.profile import GIB, HardwareProfile
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.operators.sharding import (
    rank_kv_elements,
    rank_matmul_parameters,
    rank_state_elements,
    routed_expert_parameters,
)

_LARGE_GPU_BYTES = 70 * GIB


@dataclass(frozen=True)
class MemoryPlan:
    """What one GPU of a replica holds.

    ``num_blocks``: KV blocks of ``block_size`` tokens (vLLM's ``num_gpu_blocks``; one of them is its null block).
    ``usable_blocks``: those requests can have; ``max_tokens``: tokens of context they hold.
    ``state_bytes_per_sequence_per_gpu``: what a sequence occupies whatever its length; ``max_sequences``: sequences
    whose state has room, None = no such state.
    """

    total_bytes_per_gpu: float
    gpu_memory_utilization: float
    weight_bytes_per_gpu: float
    reserved_bytes: float
    kv_bytes_per_gpu: float
    kv_bytes_per_token_per_gpu: float
    block_size: int
    num_blocks: int
    state_bytes_per_sequence_per_gpu: float = 0.0
    max_sequences: int | None = None

    @property
    def usable_blocks(self) -> int:
        """KV blocks requests can have: vLLM keeps one of its ``num_gpu_blocks`` as the null block."""
        return max(1, self.num_blocks - 1)

    @property
    def max_tokens(self) -> int:
        """Tokens of context the usable blocks hold."""
        return self.usable_blocks * self.block_size

    def blocks_of(self, tokens: int) -> int:
        """Blocks a request of so many tokens occupies."""
        return -(-tokens // self.block_size)

    def batch_bytes_per_gpu(self, batch: int, tokens: int) -> float:
        """KV and state of ``batch`` requests of ``tokens`` tokens each."""
        block_bytes = self.block_size * self.kv_bytes_per_token_per_gpu
        return batch * (self.blocks_of(tokens) * block_bytes + self.state_bytes_per_sequence_per_gpu)


def default_limits(hardware: HardwareProfile) -> tuple[int, int]:
    """vLLM's ``(max_num_batched_tokens, max_num_seqs)`` for its API server when unset: 8192 / 1024 on GPUs of 70 GiB or
    more other than A100, else 2048 / 256."""
    large = hardware.usable_memory_bytes >= _LARGE_GPU_BYTES and "a100" not in hardware.name.lower()
    return (8192, 1024) if large else (2048, 256)


def weight_bytes_per_gpu(deployment: Deployment) -> float:
    """Weights on one rank: linear layers by their sharding rule, embedding and LM head split, the rest whole."""
    model, dtypes = deployment.model, deployment.dtypes
    wide = dtypes.width("other")
    heads = model.embedding_parameters * (1 if model.tie_word_embeddings else 2)
    rest = model.parameters - model.layer_matmul_parameters - heads
    return _layer_bytes(deployment) + heads * wide / deployment.tensor_parallel_size + rest * wide


def _layer_bytes(deployment: Deployment) -> float:
    """Linear weights of all layers on one rank, each part in its own format."""
    model, layout = deployment.model, deployment.layout
    blocks = [(block, count, model.hidden_size) for block, count in model.layer_groups]
    if model.encoder is not None:
        blocks += [(block, 1, model.encoder.hidden_size) for block in model.encoder.layers]
    total = 0.0
    for block, count, hidden in blocks:
        mixers = sum(rank_matmul_parameters(mixer, hidden, layout) for mixer in block.mixers)
        routed = routed_expert_parameters(block.ffn, hidden)
        shared = block.ffn.matmul_parameters(hidden) - routed
        per_rank = shared * layout.dtypes.layer_weights("ffn") + routed * layout.dtypes.layer_weights("experts")
        mixer_bytes = mixers * layout.dtypes.layer_weights("attention")
        total += count * (mixer_bytes + per_rank / layout.tensor_parallel_size)
    return total


def kv_bytes_per_token_per_gpu(deployment: Deployment) -> float:
    """KV bytes one token occupies on one rank; KV heads are replicated when ranks outnumber them, latents always
    (TECHNIQUES 4.1, 4.3)."""
    layout = deployment.layout
    groups = deployment.model.layer_groups
    elements = sum(count * rank_kv_elements(block.attention, layout) for block, count in groups)
    return elements * BYTES_PER_ELEMENT[deployment.dtypes.kv]


def state_bytes_per_sequence_per_gpu(deployment: Deployment) -> float:
    """Bytes one sequence occupies on one rank whatever its length: recurrent state, cross keys and values."""
    layout = deployment.layout
    groups = deployment.model.layer_groups
    elements = sum(count * rank_state_elements(mixer, layout) for block, count in groups for mixer in block.mixers)
    return elements * deployment.dtypes.width("other")


def kv_plan(
    deployment: Deployment,
    *,
    gpu_memory_utilization: float = 0.9,
    block_size: int = 16,
    num_gpu_blocks_override: int | None = None,
    reserved_bytes: float | None = None,
    max_num_seqs: int | None = None,
) -> MemoryPlan:
    """The memory plan of a replica.

    Models with a constant state per sequence set aside that state for ``max_num_seqs`` sequences (the engine's default
    when None), or for as many as half of what weights leave can hold, all of it for models without a KV cache. Engines
    that page states and KV from one pool split the same memory as the load asks.

    Raises ``InputError`` when the weights leave no room for KV: by how many GiB, and which ``tensor_parallel_size``
    would do.
    """
    if not 0 < gpu_memory_utilization <= 1:
        path = "engine.gpu_memory_utilization"
        raise InputError("must lie in 0..1", path=path, value=gpu_memory_utilization)
    if block_size < 1:
        raise InputError("must be at least 1", path="engine.block_size", value=block_size)
    if num_gpu_blocks_override is not None and num_gpu_blocks_override < 1:
        raise InputError("must be at least 1", path="engine.num_gpu_blocks_override", value=num_gpu_blocks_override)
    weights = weight_bytes_per_gpu(deployment)
    reserve = deployment.engine.reserved_bytes if reserved_bytes is None else reserved_bytes
    total = deployment.hardware.usable_memory_bytes
    available = gpu_memory_utilization * total - weights - reserve
    per_token, state = kv_bytes_per_token_per_gpu(deployment), state_bytes_per_sequence_per_gpu(deployment)
    least = per_token * block_size + state
    if available < least:
        raise _does_not_fit(deployment, gpu_memory_utilization, reserve, least - available)
    sequences = max_num_seqs or default_limits(deployment.hardware)[1]
    if state:
        share = 0.5 if per_token else 1.0
        sequences = max(1, min(sequences, int(share * available // state)))
        available -= sequences * state
    blocks = _blocks(deployment, available, per_token, block_size, sequences)
    if num_gpu_blocks_override is not None:
        blocks = num_gpu_blocks_override
    return MemoryPlan(
        total_bytes_per_gpu=total,
        gpu_memory_utilization=gpu_memory_utilization,
        weight_bytes_per_gpu=weights,
        reserved_bytes=reserve,
        kv_bytes_per_gpu=blocks * block_size * per_token,
        kv_bytes_per_token_per_gpu=per_token,
        block_size=block_size,
        num_blocks=blocks,
        state_bytes_per_sequence_per_gpu=state,
        max_sequences=sequences if state else None,
    )


def _blocks(deployment: Deployment, available: float, per_token: float, block_size: int, sequences: int) -> int:
    """Blocks that fit; without a KV cache as many as the sequences could ask for, since states alone limit them."""
    if per_token:
        return int(available // (per_token * block_size))
    return sequences * -(-deployment.model.max_position_embeddings // block_size) + 1


def _does_not_fit(deployment: Deployment, utilization: float, reserve: float, lacking: float) -> InputError:
    model, device, tp = deployment.model, deployment.hardware, deployment.tensor_parallel_size
    smallest = _smallest_fitting_tp(deployment, utilization, reserve)
    return InputError(
        f"{model.name} ({weight_bytes_per_gpu(deployment) / GIB:.1f} GiB of weights per GPU) does not fit on {tp} x "
        f"{device.name}: {max(lacking, 0.0) / GIB:.1f} GiB too much for {utilization:g} of "
        f"{device.usable_memory_bytes / GIB:.1f} GiB",
        path="parallel.tensor_parallel_size",
        value=tp,
        hint=f"tensor_parallel_size {smallest} fits" if smallest else "no tensor_parallel_size of one link domain fits",
    )


def _smallest_fitting_tp(deployment: Deployment, utilization: float, reserve: float) -> int | None:
    for tp in range(deployment.tensor_parallel_size + 1, deployment.hardware.link.domain + 1):
        try:
            larger = replace(deployment, tensor_parallel_size=tp)
        except InputError:
            continue
        if utilization * deployment.hardware.usable_memory_bytes - weight_bytes_per_gpu(larger) - reserve > GIB:
            return tp
    return None
