"""DeepSeek V1-V3 and Kimi K2: latent attention, fine-grained experts after a few dense layers."""

from __future__ import annotations

from simulator.models.attention import MLAAttention
from simulator.models.families.fields import Fields, attention, by_layer, checked
from simulator.models.ffn import DenseFFN, FFNBlock, MoEFFN
from simulator.models.spec import ModelSpec


def _latent(fields: Fields) -> MLAAttention:
    return MLAAttention(
        num_heads=fields.count("num_attention_heads"),
        q_lora_rank=None if fields.get("q_lora_rank") is None else fields.count("q_lora_rank"),
        kv_lora_rank=fields.count("kv_lora_rank"),
        qk_nope_head_dim=fields.count("qk_nope_head_dim"),
        qk_rope_head_dim=fields.count("qk_rope_head_dim"),
        v_head_dim=fields.count("v_head_dim"),
    )


def _experts(fields: Fields, *, router_bias: bool) -> MoEFFN:
    expert = fields.count("moe_intermediate_size")
    moe = MoEFFN(
        num_experts=fields.count("n_routed_experts"),
        experts_per_token=fields.count("num_experts_per_tok"),
        intermediate_size=expert,
        shared_intermediate_size=expert * fields.count("n_shared_experts", default=0, at_least=0),
        router_bias=router_bias,
    )
    return checked(moe, fields)


def deepseek_ffns(fields: Fields, moe: MoEFFN) -> list[FFNBlock]:
    """Feed-forward block per layer: dense below ``first_k_dense_replace``, then a mixture every ``moe_layer_freq``."""
    first = fields.count("first_k_dense_replace", default=0, at_least=0)
    every = fields.count("moe_layer_freq", default=1)
    dense = DenseFFN(fields.count("intermediate_size"))
    return [moe if i >= first and i % every == 0 else dense for i in range(fields.layers("num_hidden_layers"))]


def _deepseek(fields: Fields) -> ModelSpec:
    """V1 (plain attention)."""
    ffns = deepseek_ffns(fields, _experts(fields, router_bias=False))
    mixer = attention(fields)
    return fields.spec(by_layer(fields, lambda _: mixer, lambda i: ffns[i]))


def _deepseek_v2(fields: Fields) -> ModelSpec:
    ffns = deepseek_ffns(fields, _experts(fields, router_bias=False))
    mixer = _latent(fields)
    return fields.spec(by_layer(fields, lambda _: mixer, lambda i: ffns[i]))


def _deepseek_v3(fields: Fields) -> ModelSpec:
    """V3, R1 and Kimi K2: experts are chosen with a bias. The multi-token-prediction module is not counted."""
    ffns = deepseek_ffns(fields, _experts(fields, router_bias=True))
    mixer = _latent(fields)
    return fields.spec(by_layer(fields, lambda _: mixer, lambda i: ffns[i]))


READERS = {
    "DeepseekForCausalLM": _deepseek,
    "DeepseekV2ForCausalLM": _deepseek_v2,
    "DeepseekV3ForCausalLM": _deepseek_v3,
    "KimiK2ForCausalLM": _deepseek_v3,
}
TYPES = {
    "deepseek": "DeepseekForCausalLM",
    "deepseek_v2": "DeepseekV2ForCausalLM",
    "deepseek_v3": "DeepseekV3ForCausalLM",
    "kimi_k2": "DeepseekV3ForCausalLM",
}
