"""Phi-3, Phi-3.5-MoE and Phi-4."""

from __future__ import annotations

from simulator.models.families.fields import Fields, attention, checked, uniform, window
from simulator.models.ffn import DenseFFN, MoEFFN
from simulator.models.spec import ModelSpec


def _phi3(fields: Fields) -> ModelSpec:
    """Phi-3 and Phi-4: Llama's shape with a window that newer configs set to null."""
    mixer = attention(fields, sliding_window=window(fields))
    return fields.spec(uniform(fields, mixer, DenseFFN(fields.count("intermediate_size"))))


def _phimoe(fields: Fields) -> ModelSpec:
    """LayerNorm and biases throughout attention; 16 experts, two per token."""
    ffn = MoEFFN(
        num_experts=fields.count("num_local_experts"),
        experts_per_token=fields.count("num_experts_per_tok"),
        intermediate_size=fields.count("intermediate_size"),
    )
    bias = fields.flag("attention_bias")
    mixer = attention(fields, qkv_bias=bias, o_bias=bias, sliding_window=window(fields))
    extra = fields.count("hidden_size") + (fields.count("vocab_size") if fields.flag("lm_head_bias") else 0)
    return fields.spec(uniform(fields, mixer, checked(ffn, fields), norm_bias=True), extra_parameters=extra)


READERS = {"Phi3ForCausalLM": _phi3, "PhiMoEForCausalLM": _phimoe, "PhimoeForCausalLM": _phimoe}
TYPES = {"phi3": "Phi3ForCausalLM", "phimoe": "PhiMoEForCausalLM"}
