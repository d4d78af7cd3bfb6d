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
from simulator.models.spec import GQAAttention

_LARGE_GPU_BYTES = 70 * GIB


@dataclass(frozen=True)
class MemoryPlan:
    """What one GPU of a replica holds.

    ``num_blocks``: KV blocks of ``block_size`` tokens (vLLM's ``num_gpu_blocks``; one of them is its null block).
    ``max_tokens``: tokens of context that fit in them.
    """

    total_bytes_per_gpu: float
    gpu_memory_utilization: float
    weight_bytes_per_gpu: float
    reserved_bytes: float
    kv_bytes_per_gpu: float
    kv_bytes_per_token_per_gpu: float
    block_size: int
    num_blocks: int

    @property
    def max_tokens(self) -> int:
        """Tokens of context all blocks hold."""
        return self.num_blocks * self.block_size


def default_limits(hardware: HardwareProfile) -> tuple[int, int]:
    """vLLM's ``(max_num_batched_tokens, max_num_seqs)`` for its API server when unset: 8192 / 1024 on GPUs of 70 GiB or
    more other than A100, else 2048 / 256."""
    large = hardware.usable_memory_bytes >= _LARGE_GPU_BYTES and "a100" not in hardware.name.lower()
    return (8192, 1024) if large else (2048, 256)


def weight_bytes_per_gpu(deployment: Deployment) -> float:
    """Weights on one rank: linear layers, embedding and LM head split; norms, biases and router whole."""
    model, dtypes = deployment.model, deployment.dtypes
    tp = deployment.tensor_parallel_size
    wide = dtypes.width("other")
    split = model.layer_matmul_parameters + _replicated_kv_parameters(deployment)
    heads = model.embedding_parameters * (1 if model.tie_word_embeddings else 2)
    rest = model.parameters - model.layer_matmul_parameters - heads
    return split * dtypes.width("weights") / tp + heads * wide / tp + rest * wide


def _replicated_kv_parameters(deployment: Deployment) -> int:
    """Extra K and V projection weights when ranks outnumber KV heads and each head stands on several ranks."""
    extra = 0
    for block, count in deployment.model.layer_groups:
        attention = block.attention
        if isinstance(attention, GQAAttention):
            _, kv_heads = deployment.layout.heads(attention)
            copies = kv_heads * deployment.tensor_parallel_size - attention.num_kv_heads
            extra += count * 2 * copies * attention.head_dim * deployment.model.hidden_size
    return extra


def kv_bytes_per_token_per_gpu(deployment: Deployment) -> float:
    """KV bytes one token occupies on one rank; KV heads are replicated when ranks outnumber them (TECHNIQUES 4.1)."""
    width = BYTES_PER_ELEMENT[deployment.dtypes.kv]
    total = 0.0
    for block, count in deployment.model.layer_groups:
        elements = block.attention.kv_elements_per_token()
        if isinstance(block.attention, GQAAttention):
            _, kv_heads = deployment.layout.heads(block.attention)
            elements = 2 * kv_heads * block.attention.head_dim
        total += count * elements * width
    return total


def kv_plan(
    deployment: Deployment,
    *,
    gpu_memory_utilization: float = 0.9,
    block_size: int = 16,
    num_gpu_blocks_override: int | None = None,
    reserved_bytes: float | None = None,
) -> MemoryPlan:
    """The memory plan of a replica.

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
    per_token = kv_bytes_per_token_per_gpu(deployment)
    blocks = int(available // (per_token * block_size))
    if blocks < 1:
        raise _does_not_fit(deployment, gpu_memory_utilization, reserve, per_token * block_size - available)
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
    )


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
