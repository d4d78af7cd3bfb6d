"""Encoder-decoders: T5 and Whisper."""

from __future__ import annotations

from simulator.models.attention import CrossAttention, GQAAttention
from simulator.models.families.fields import Fields
from simulator.models.ffn import DenseFFN
from simulator.models.spec import Encoder, LayerBlock, ModelSpec


def _t5(fields: Fields) -> ModelSpec:
    """The encoder reads ``n_positions`` tokens (512 when the config is silent); a scenario's prompt is the decoder's.

    Relative position biases: one table of buckets per stack.
    """
    hidden, heads = fields.count("d_model"), fields.count("num_heads")
    head_dim, length = fields.count("d_kv"), fields.count("n_positions", default=512)
    gated = str(fields.get("feed_forward_proj") or "relu").startswith("gated")
    ffn = DenseFFN(fields.count("d_ff"), 3 if gated else 2)
    itself = GQAAttention(heads, heads, head_dim)
    across = CrossAttention(heads, heads, head_dim, length)
    buckets = fields.count("relative_attention_num_buckets", default=32) * heads
    layers = fields.layers("num_layers")
    encoder = Encoder(hidden, (LayerBlock(itself, ffn),) * layers, length, hidden + buckets)
    decoder = (LayerBlock(itself, ffn, across, norms=3),) * fields.layers("num_decoder_layers", default=layers)
    return fields.spec(
        decoder,
        hidden_size=hidden,
        tie_word_embeddings=fields.flag("tie_word_embeddings", default=True),
        max_position_embeddings=length,
        encoder=encoder,
        extra_parameters=buckets,
    )


def _whisper(fields: Fields) -> ModelSpec:
    """Two convolutions over mel frames halve 3000 frames to ``max_source_positions``; keys have no bias."""
    hidden, source = fields.count("d_model"), fields.count("max_source_positions")
    target, mels = fields.count("max_target_positions"), fields.count("num_mel_bins")
    encoder_layer = LayerBlock(
        _attention(fields, "encoder_attention_heads", hidden),
        DenseFFN(fields.count("encoder_ffn_dim"), 2, bias=True),
        norm_bias=True,
    )
    heads = fields.count("decoder_attention_heads")
    decoder_layer = LayerBlock(
        _attention(fields, "decoder_attention_heads", hidden),
        DenseFFN(fields.count("decoder_ffn_dim"), 2, bias=True),
        CrossAttention(heads, heads, hidden // heads, source, bias=True),
        norms=3,
        norm_bias=True,
    )
    stem = 3 * hidden * (mels + hidden) + 2 * hidden + source * hidden + 2 * hidden
    return fields.spec(
        (decoder_layer,) * fields.layers("decoder_layers"),
        hidden_size=hidden,
        tie_word_embeddings=fields.flag("tie_word_embeddings", default=True),
        max_position_embeddings=target,
        encoder=Encoder(hidden, (encoder_layer,) * fields.layers("encoder_layers"), source, stem),
        extra_parameters=target * hidden + hidden,
    )


def _attention(fields: Fields, key: str, hidden_size: int) -> GQAAttention:
    heads = fields.count(key)
    if hidden_size % heads:
        raise fields.error(key, f"must divide d_model ({hidden_size})", heads)
    return GQAAttention(heads, heads, hidden_size // heads, qkv_bias=True, o_bias=True)


READERS = {
    "T5ForConditionalGeneration": _t5,
    "WhisperForConditionalGeneration": _whisper,
}
TYPES = {"t5": "T5ForConditionalGeneration", "whisper": "WhisperForConditionalGeneration"}
