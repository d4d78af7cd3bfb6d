"""Decoders before Llama: LayerNorm, biases, two-matrix feed-forward blocks - GPT-2, GPT-J, NeoX, OPT, BLOOM, Falcon."""

from __future__ import annotations

from simulator.models.families.fields import Fields, attention, uniform
from simulator.models.ffn import DenseFFN
from simulator.models.spec import ModelSpec


def _gpt2(fields: Fields) -> ModelSpec:
    hidden, positions = fields.count("n_embd"), fields.count("n_positions", "n_ctx")
    ffn = DenseFFN(fields.count("n_inner", default=4 * hidden), 2, bias=True)
    return fields.spec(
        uniform(fields, attention(fields, qkv_bias=True, o_bias=True), ffn, norm_bias=True),
        hidden_size=hidden,
        tie_word_embeddings=fields.flag("tie_word_embeddings", default=True),
        max_position_embeddings=positions,
        extra_parameters=positions * hidden + hidden,
    )


def _gptj(fields: Fields) -> ModelSpec:
    """One norm feeds attention and feed-forward block side by side; the LM head has a bias."""
    hidden = fields.count("n_embd")
    ffn = DenseFFN(fields.count("n_inner", default=4 * hidden), 2, bias=True)
    return fields.spec(
        uniform(fields, attention(fields), ffn, norms=1, norm_bias=True),
        hidden_size=hidden,
        max_position_embeddings=fields.count("n_positions"),
        extra_parameters=hidden + fields.count("vocab_size"),
    )


def _neox(fields: Fields) -> ModelSpec:
    ffn = DenseFFN(fields.count("intermediate_size"), 2, bias=True)
    bias = fields.flag("attention_bias", default=True)
    mixer = attention(fields, qkv_bias=bias, o_bias=bias)
    return fields.spec(uniform(fields, mixer, ffn, norm_bias=True), extra_parameters=fields.count("hidden_size"))


def _opt(fields: Fields) -> ModelSpec:
    """Learned positions with an offset of 2."""
    hidden, positions = fields.count("hidden_size"), fields.count("max_position_embeddings")
    if fields.count("word_embed_proj_dim", default=hidden) != hidden:
        raise fields.error(
            "word_embed_proj_dim", f"must equal hidden_size ({hidden})", fields.get("word_embed_proj_dim")
        )
    bias = fields.flag("enable_bias", default=True)
    ffn = DenseFFN(fields.count("ffn_dim"), 2, bias=bias)
    mixer = attention(fields, qkv_bias=bias, o_bias=bias)
    return fields.spec(
        uniform(fields, mixer, ffn, norm_bias=True),
        tie_word_embeddings=fields.flag("tie_word_embeddings", default=True),
        extra_parameters=(positions + 2) * hidden + hidden,
    )


def _bloom(fields: Fields) -> ModelSpec:
    """ALiBi; a norm after the embedding."""
    hidden = fields.count("hidden_size", "n_embed")
    ffn = DenseFFN(4 * hidden, 2, bias=True)
    return fields.spec(
        uniform(fields, attention(fields, qkv_bias=True, o_bias=True), ffn, norm_bias=True),
        hidden_size=hidden,
        tie_word_embeddings=fields.flag("tie_word_embeddings", default=True),
        max_position_embeddings=fields.count("seq_length", default=2048),
        extra_parameters=3 * hidden,
    )


def _falcon(fields: Fields) -> ModelSpec:
    """7B: one KV head, one norm before parallel blocks; the newer layout (40B, 180B): grouped heads, two norms."""
    hidden, bias = fields.count("hidden_size"), fields.flag("bias")
    heads = fields.count("num_attention_heads", "n_head")
    newer = fields.flag("new_decoder_architecture")
    if newer:
        kv_heads = fields.count("num_kv_heads", "n_head_kv", default=heads)
    else:
        kv_heads = 1 if fields.flag("multi_query", default=True) else heads
    mixer = attention(fields, num_heads=heads, num_kv_heads=kv_heads, qkv_bias=bias, o_bias=bias)
    ffn = DenseFFN(fields.count("ffn_hidden_size", default=4 * hidden), 2, bias=bias)
    norms = 2 if newer or not fields.flag("parallel_attn", default=True) else 1
    return fields.spec(
        uniform(fields, mixer, ffn, norms=norms, norm_bias=True),
        tie_word_embeddings=fields.flag("tie_word_embeddings", default=True),
        max_position_embeddings=fields.count("max_position_embeddings", default=2048),
        extra_parameters=hidden,
    )


READERS = {
    "GPT2LMHeadModel": _gpt2,
    "GPTJForCausalLM": _gptj,
    "GPTNeoXForCausalLM": _neox,
    "OPTForCausalLM": _opt,
    "BloomForCausalLM": _bloom,
    "FalconForCausalLM": _falcon,
    "RWForCausalLM": _falcon,
}
TYPES = {
    "gpt2": "GPT2LMHeadModel",
    "gptj": "GPTJForCausalLM",
    "gpt_neox": "GPTNeoXForCausalLM",
    "opt": "OPTForCausalLM",
    "bloom": "BloomForCausalLM",
    "falcon": "FalconForCausalLM",
}
