"""What one tensor-parallel rank holds of a token mixer: weights, KV, state; and which degrees divide it.

Split by heads or channels, as Megatron and vLLM do. KV heads are replicated when ranks outnumber them, and so is the
latent of MLA on every rank (TECHNIQUES 4.1, 4.3). New mixers register here.
"""

from __future__ import annotations

from functools import singledispatch

from simulator.models.attention import CrossAttention, GQAAttention, MLAAttention
from simulator.models.ffn import MoEFFN
from simulator.models.recurrent import Mamba2Mixer, MambaMixer, RWKVMixer
from simulator.operators.layout import Layout


@singledispatch
def rank_matmul_parameters(mixer: object, hidden_size: int, layout: Layout) -> float:
    """Weights of the mixer's linear layers on one rank."""
    raise NotImplementedError(f"no sharding is registered for {type(mixer).__name__}")


@singledispatch
def rank_kv_elements(mixer: object, layout: Layout) -> int:
    """Elements one rank caches per token of context."""
    return 0


@singledispatch
def rank_state_elements(mixer: object, layout: Layout) -> int:
    """Elements one rank keeps per sequence."""
    return 0


@singledispatch
def split_units(mixer: object) -> tuple[int, int, str]:
    """``(units that ranks split, units they split or replicate, name of the units)``."""
    raise NotImplementedError(f"no sharding is registered for {type(mixer).__name__}")


@singledispatch
def routed_expert_parameters(ffn: object, hidden_size: int) -> int:
    """Weights of all routed experts of a feed-forward block; the rest of it is quantised with the dense layers."""
    return 0


@routed_expert_parameters.register
def _(ffn: MoEFFN, hidden_size: int) -> int:
    return ffn.num_experts * ffn.expert_parameters(hidden_size)


@rank_matmul_parameters.register
def _(mixer: GQAAttention, hidden_size: int, layout: Layout) -> float:
    heads, kv_heads = layout.heads(mixer)
    return hidden_size * mixer.head_dim * (2 * heads + (0 if mixer.kv_shared else 2 * kv_heads))


@rank_kv_elements.register
def _(mixer: GQAAttention, layout: Layout) -> int:
    return 0 if mixer.kv_shared else 2 * layout.heads(mixer)[1] * mixer.head_dim


@split_units.register
def _(mixer: GQAAttention) -> tuple[int, int, str]:
    return mixer.num_heads, mixer.num_kv_heads, "attention heads"


@rank_matmul_parameters.register
def _(mixer: CrossAttention, hidden_size: int, layout: Layout) -> float:
    heads, kv_heads = layout.heads(mixer)
    return 2 * hidden_size * mixer.head_dim * (heads + kv_heads)


@rank_state_elements.register
def _(mixer: CrossAttention, layout: Layout) -> int:
    return 2 * layout.heads(mixer)[1] * mixer.head_dim * mixer.encoder_tokens


@split_units.register
def _(mixer: CrossAttention) -> tuple[int, int, str]:
    return mixer.num_heads, mixer.num_kv_heads, "cross-attention heads"


@rank_matmul_parameters.register
def _(mixer: MLAAttention, hidden_size: int, layout: Layout) -> float:
    return mixer.down_parameters(hidden_size) + mixer.head_parameters(hidden_size) / layout.tensor_parallel_size


@rank_kv_elements.register
def _(mixer: MLAAttention, layout: Layout) -> int:
    return mixer.latent_size


@split_units.register
def _(mixer: MLAAttention) -> tuple[int, int, str]:
    return mixer.num_heads, mixer.num_heads, "attention heads"


@rank_matmul_parameters.register(MambaMixer)
@rank_matmul_parameters.register(Mamba2Mixer)
@rank_matmul_parameters.register(RWKVMixer)
def _(mixer: MambaMixer | Mamba2Mixer | RWKVMixer, hidden_size: int, layout: Layout) -> float:
    return mixer.matmul_parameters(hidden_size) / layout.tensor_parallel_size


@rank_state_elements.register(MambaMixer)
@rank_state_elements.register(Mamba2Mixer)
@rank_state_elements.register(RWKVMixer)
def _(mixer: MambaMixer | Mamba2Mixer | RWKVMixer, layout: Layout) -> int:
    return layout.shard(mixer.state_elements_per_sequence())


@split_units.register
def _(mixer: MambaMixer) -> tuple[int, int, str]:
    return mixer.inner_size, mixer.inner_size, "channels of the state-space layers"


@split_units.register(Mamba2Mixer)
@split_units.register(RWKVMixer)
def _(mixer: Mamba2Mixer | RWKVMixer) -> tuple[int, int, str]:
    return mixer.num_heads, mixer.num_heads, "heads of the recurrent layers"
