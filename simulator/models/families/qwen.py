"""Qwen 2, 2.5 and 3, dense and mixtures."""

from __future__ import annotations

from collections.abc import Callable

from simulator.models.families.fields import Fields, attention, checked, window
from simulator.models.ffn import DenseFFN, FFNBlock, MoEFFN
from simulator.models.spec import LayerBlock, ModelSpec


def _layers(
    fields: Fields, *, qkv_bias: bool, qk_norm: bool, ffn_of: Callable[[int], FFNBlock]
) -> tuple[LayerBlock, ...]:
    """Qwen uses its window only when ``use_sliding_window`` says so, and then from ``max_window_layers`` up."""
    layers = fields.layers("num_hidden_layers")
    size = window(fields) if fields.flag("use_sliding_window") else None
    first_windowed = fields.count("max_window_layers", default=layers, at_least=0) if size else layers
    full = attention(fields, qkv_bias=qkv_bias, qk_norm=qk_norm)
    local = attention(fields, qkv_bias=qkv_bias, qk_norm=qk_norm, sliding_window=size)
    return tuple(LayerBlock(full if i < first_windowed else local, ffn_of(i)) for i in range(layers))


def _qwen2(fields: Fields) -> ModelSpec:
    dense = DenseFFN(fields.count("intermediate_size"))
    return fields.spec(_layers(fields, qkv_bias=True, qk_norm=False, ffn_of=lambda _: dense))


def _qwen3(fields: Fields) -> ModelSpec:
    dense = DenseFFN(fields.count("intermediate_size"))
    bias = fields.flag("attention_bias")
    return fields.spec(_layers(fields, qkv_bias=bias, qk_norm=True, ffn_of=lambda _: dense))


def _sparse(fields: Fields, moe: MoEFFN) -> Callable[[int], FFNBlock]:
    """Mixtures on every ``decoder_sparse_step``-th layer that is not listed in ``mlp_only_layers``."""
    checked(moe, fields)
    dense_layers = set(fields.whole_list("mlp_only_layers"))
    step = fields.count("decoder_sparse_step", default=1)

    def ffn_of(layer: int) -> FFNBlock:
        if layer in dense_layers or (layer + 1) % step:
            return DenseFFN(fields.count("intermediate_size"))
        return moe

    return ffn_of


def _qwen2_moe(fields: Fields) -> ModelSpec:
    moe = MoEFFN(
        num_experts=fields.count("num_experts"),
        experts_per_token=fields.count("num_experts_per_tok"),
        intermediate_size=fields.count("moe_intermediate_size"),
        shared_intermediate_size=fields.count("shared_expert_intermediate_size"),
        shared_gate=True,
    )
    return fields.spec(_layers(fields, qkv_bias=True, qk_norm=False, ffn_of=_sparse(fields, moe)))


def _qwen3_moe(fields: Fields) -> ModelSpec:
    moe = MoEFFN(
        num_experts=fields.count("num_experts"),
        experts_per_token=fields.count("num_experts_per_tok"),
        intermediate_size=fields.count("moe_intermediate_size"),
    )
    bias = fields.flag("attention_bias")
    return fields.spec(_layers(fields, qkv_bias=bias, qk_norm=True, ffn_of=_sparse(fields, moe)))


READERS = {
    "Qwen2ForCausalLM": _qwen2,
    "Qwen2MoeForCausalLM": _qwen2_moe,
    "Qwen3ForCausalLM": _qwen3,
    "Qwen3MoeForCausalLM": _qwen3_moe,
}
TYPES = {
    "qwen2": "Qwen2ForCausalLM",
    "qwen2_moe": "Qwen2MoeForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen3_moe": "Qwen3MoeForCausalLM",
}
