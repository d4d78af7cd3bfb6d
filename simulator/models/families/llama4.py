"""Llama 4: mixtures with one shared expert on every n-th layer, chunked local attention on three of four layers."""

from __future__ import annotations

from simulator.models.attention import GQAAttention
from simulator.models.families.fields import Fields, attention, by_layer, checked
from simulator.models.families.vision import vision_parameters
from simulator.models.ffn import DenseFFN, MoEFFN
from simulator.models.spec import ModelSpec


def _llama4_text(fields: Fields, vision: int = 0) -> ModelSpec:
    layers = fields.layers("num_hidden_layers")
    expert = fields.count("intermediate_size")
    moe = checked(
        MoEFFN(
            num_experts=fields.count("num_local_experts"),
            experts_per_token=fields.count("num_experts_per_tok"),
            intermediate_size=expert,
            shared_intermediate_size=expert,
        ),
        fields,
    )
    dense = DenseFFN(fields.count("intermediate_size_mlp", default=expert))
    step = fields.count("interleave_moe_layer_step", default=1)
    chosen = fields.whole_list("moe_layers")
    moe_layers = set(chosen) if chosen else set(range(step - 1, layers, step))
    return fields.spec(
        by_layer(fields, lambda i: _attention(fields, i), lambda i: moe if i in moe_layers else dense),
        extra_parameters=vision,
    )


def _attention(fields: Fields, layer: int) -> GQAAttention:
    """Every fourth layer sees all of the context and has no rotary embedding; the others see their chunk."""
    rotary = fields.whole_list("no_rope_layers")
    local = bool(rotary[layer]) if layer < len(rotary) else bool((layer + 1) % 4)
    chunk = fields.count("attention_chunk_size", default=8192)
    return attention(fields, sliding_window=chunk if local else None)


def _llama4(fields: Fields) -> ModelSpec:
    text = fields.nested("text_config")
    return _llama4_text(text, vision_parameters(fields, text.count("hidden_size")))


READERS = {"Llama4ForConditionalGeneration": _llama4, "Llama4ForCausalLM": _llama4_text}
TYPES = {"llama4": "Llama4ForConditionalGeneration", "llama4_text": "Llama4ForCausalLM"}
