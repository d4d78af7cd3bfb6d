"""Models without attention, or with little of it: Mamba, Mamba-2, Jamba, RWKV."""

from __future__ import annotations

import math

from simulator.models.attention import TokenMixer
from simulator.models.families.fields import Fields, attention, by_layer, checked, uniform
from simulator.models.ffn import ChannelMix, DenseFFN, MoEFFN, NoFFN
from simulator.models.recurrent import Mamba2Mixer, MambaMixer, RWKVMixer
from simulator.models.spec import ModelSpec

_UNBOUNDED = 2**20
"""Longest context of models that state none: a recurrent state has no limit of its own."""


def _mamba(fields: Fields) -> ModelSpec:
    hidden = fields.count("hidden_size", "d_model")
    inner = fields.count("intermediate_size", default=fields.count("expand", default=2) * hidden)
    mixer = MambaMixer(
        inner_size=inner,
        state_size=fields.count("state_size", default=16),
        conv_kernel=fields.count("conv_kernel", default=4),
        dt_rank=_rank(fields, "time_step_rank", hidden),
        conv_bias=fields.flag("use_conv_bias", default=True),
    )
    return fields.spec(
        uniform(fields, mixer, NoFFN(), norms=1),
        hidden_size=hidden,
        tie_word_embeddings=fields.flag("tie_word_embeddings", default=True),
        max_position_embeddings=_UNBOUNDED,
    )


def _rank(fields: Fields, key: str, hidden_size: int) -> int:
    """Width of the dt bottleneck; ``auto`` is a sixteenth of the hidden size."""
    return math.ceil(hidden_size / 16) if fields.get(key) in (None, "auto") else fields.count(key)


def _mamba2(fields: Fields) -> ModelSpec:
    hidden = fields.count("hidden_size")
    mixer = Mamba2Mixer(
        inner_size=fields.count("intermediate_size", default=fields.count("expand", default=2) * hidden),
        state_size=fields.count("state_size", default=128),
        conv_kernel=fields.count("conv_kernel", default=4),
        num_heads=fields.count("num_heads"),
        n_groups=fields.count("n_groups", default=1),
        conv_bias=fields.flag("use_conv_bias", default=True),
    )
    return fields.spec(uniform(fields, mixer, NoFFN(), norms=1), max_position_embeddings=_UNBOUNDED)


def _jamba(fields: Fields) -> ModelSpec:
    """One attention layer in ``attn_layer_period``, a mixture on every ``expert_layer_period``-th layer."""
    hidden = fields.count("hidden_size")
    ssm = MambaMixer(
        inner_size=fields.count("mamba_expand", default=2) * hidden,
        state_size=fields.count("mamba_d_state", default=16),
        conv_kernel=fields.count("mamba_d_conv", default=4),
        dt_rank=_rank(fields, "mamba_dt_rank", hidden),
        conv_bias=fields.flag("mamba_conv_bias", default=True),
        inner_norms=True,
    )
    full = attention(fields)
    dense = DenseFFN(fields.count("intermediate_size"))
    moe = checked(
        MoEFFN(fields.count("num_experts"), fields.count("num_experts_per_tok"), fields.count("intermediate_size")),
        fields,
    )
    attends, mixes = _every(fields, "attn_layer", (8, 4)), _every(fields, "expert_layer", (2, 1))

    def mixer_of(layer: int) -> TokenMixer:
        return full if layer in attends else ssm

    return fields.spec(by_layer(fields, mixer_of, lambda i: moe if i in mixes else dense))


def _every(fields: Fields, key: str, default: tuple[int, int]) -> set[int]:
    """Layers ``offset, offset + period, ...``."""
    period = fields.count(f"{key}_period", default=default[0])
    offset = fields.count(f"{key}_offset", default=default[1], at_least=0)
    return {i for i in range(fields.layers("num_hidden_layers")) if i % period == offset}


def _rwkv4(fields: Fields) -> ModelSpec:
    """The first layer has one more norm, on the embedding."""
    hidden = fields.count("hidden_size")
    mixer = RWKVMixer(fields.count("attention_hidden_size", default=hidden))
    ffn = ChannelMix(fields.count("intermediate_size", default=4 * hidden))
    return fields.spec(
        uniform(fields, mixer, ffn, norm_bias=True),
        max_position_embeddings=_UNBOUNDED,
        extra_parameters=3 * hidden,
    )


READERS = {
    "MambaForCausalLM": _mamba,
    "Mamba2ForCausalLM": _mamba2,
    "JambaForCausalLM": _jamba,
    "RwkvForCausalLM": _rwkv4,
}
TYPES = {
    "mamba": "MambaForCausalLM",
    "mamba2": "Mamba2ForCausalLM",
    "jamba": "JambaForCausalLM",
    "rwkv": "RwkvForCausalLM",
}
