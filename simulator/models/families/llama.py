"""Llama 1-3 and the decoders of its shape: Mistral, Mixtral, Yi, Granite, StableLM."""

from __future__ import annotations

from simulator.models.families.fields import Fields, attention, checked, uniform, window
from simulator.models.ffn import DenseFFN, MoEFFN
from simulator.models.spec import ModelSpec


def read_llama(fields: Fields) -> ModelSpec:
    """RMSNorm, rotary GQA, SwiGLU. A config may switch biases on."""
    bias = fields.flag("attention_bias")
    mixer = attention(fields, qkv_bias=bias, o_bias=bias)
    ffn = DenseFFN(fields.count("intermediate_size"), bias=fields.flag("mlp_bias"))
    return fields.spec(uniform(fields, mixer, ffn))


def _mistral(fields: Fields) -> ModelSpec:
    mixer = attention(fields, sliding_window=window(fields))
    return fields.spec(uniform(fields, mixer, DenseFFN(fields.count("intermediate_size"))))


def _mixtral(fields: Fields) -> ModelSpec:
    ffn = MoEFFN(
        num_experts=fields.count("num_local_experts"),
        experts_per_token=fields.count("num_experts_per_tok"),
        intermediate_size=fields.count("intermediate_size"),
    )
    return fields.spec(uniform(fields, attention(fields, sliding_window=window(fields)), checked(ffn, fields)))


READERS = {
    "LlamaForCausalLM": read_llama,
    "YiForCausalLM": read_llama,
    "MistralForCausalLM": _mistral,
    "MixtralForCausalLM": _mixtral,
}

TYPES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "mixtral": "MixtralForCausalLM",
}
