"""GLM: ChatGLM / GLM-4 with its own key names, GLM-4-0414, GLM-4.5."""

from __future__ import annotations

from simulator.models.families.deepseek import deepseek_ffns
from simulator.models.families.fields import Fields, attention, by_layer, checked, uniform
from simulator.models.ffn import DenseFFN, MoEFFN
from simulator.models.spec import ModelSpec


def _chatglm(fields: Fields) -> ModelSpec:
    """GLM-4-9B as first published (``ChatGLMModel``)."""
    heads = fields.count("num_attention_heads")
    shared = fields.flag("multi_query_attention")
    mixer = attention(
        fields,
        num_kv_heads=fields.count("multi_query_group_num") if shared else heads,
        head_dim=fields.count("kv_channels", default=fields.count("hidden_size") // heads),
        qkv_bias=fields.flag("add_qkv_bias"),
    )
    ffn = DenseFFN(fields.count("ffn_hidden_size"), bias=fields.flag("add_bias_linear"))
    vocabulary = fields.count("padded_vocab_size", "vocab_size")
    length = fields.count("seq_length", default=8192)
    return fields.spec(uniform(fields, mixer, ffn), vocab_size=vocabulary, max_position_embeddings=length)


def _glm4(fields: Fields) -> ModelSpec:
    """GLM-4 in the library's own layout; the 0414 release has a norm after each block as well."""
    norms = 4 if fields.config.get("model_type") == "glm4" else 2
    mixer = attention(fields, qkv_bias=fields.flag("attention_bias"))
    return fields.spec(uniform(fields, mixer, DenseFFN(fields.count("intermediate_size")), norms=norms))


def _glm4_moe(fields: Fields) -> ModelSpec:
    """GLM-4.5: shared experts, biased router; the multi-token-prediction layer is not counted."""
    expert = fields.count("moe_intermediate_size")
    moe = checked(
        MoEFFN(
            num_experts=fields.count("n_routed_experts"),
            experts_per_token=fields.count("num_experts_per_tok"),
            intermediate_size=expert,
            shared_intermediate_size=expert * fields.count("n_shared_experts", default=1, at_least=0),
            router_bias=True,
        ),
        fields,
    )
    ffns = deepseek_ffns(fields, moe)
    mixer = attention(fields, qkv_bias=fields.flag("attention_bias"), qk_norm=fields.flag("use_qk_norm"))
    return fields.spec(by_layer(fields, lambda _: mixer, lambda i: ffns[i]))


READERS = {
    "ChatGLMModel": _chatglm,
    "ChatGLMForConditionalGeneration": _chatglm,
    "GlmForCausalLM": _glm4,
    "Glm4ForCausalLM": _glm4,
    "Glm4MoeForCausalLM": _glm4_moe,
}
TYPES = {
    "chatglm": "ChatGLMModel",
    "glm": "GlmForCausalLM",
    "glm4": "Glm4ForCausalLM",
    "glm4_moe": "Glm4MoeForCausalLM",
}
