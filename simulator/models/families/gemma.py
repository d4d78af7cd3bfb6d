"""Gemma 1-3: tied embeddings, four norms per layer from Gemma 2 on, local and global layers mixed."""

from __future__ import annotations

from typing import Any

from simulator.models.families.fields import Fields, attention, by_layer, uniform, windows_of
from simulator.models.families.vision import vision_parameters
from simulator.models.ffn import DenseFFN
from simulator.models.spec import ModelSpec


def _gemma(fields: Fields) -> ModelSpec:
    ffn = DenseFFN(fields.count("intermediate_size"))
    tied = fields.flag("tie_word_embeddings", default=True)
    return fields.spec(uniform(fields, attention(fields), ffn), tie_word_embeddings=tied)


def _gemma2(fields: Fields) -> ModelSpec:
    """Layers alternate: local, global."""
    return _mixed(fields, local_every=2)


def _gemma3_text(fields: Fields, **changes: Any) -> ModelSpec:
    """Five local layers, then a global one (``sliding_window_pattern`` 6)."""
    return _mixed(fields, local_every=fields.count("sliding_window_pattern", default=6), qk_norm=True, **changes)


def _mixed(fields: Fields, *, local_every: int, qk_norm: bool = False, **changes: Any) -> ModelSpec:
    windows = windows_of(fields, lambda layer: bool((layer + 1) % local_every))
    ffn = DenseFFN(fields.count("intermediate_size"))
    layers = by_layer(
        fields, lambda i: attention(fields, qk_norm=qk_norm, sliding_window=windows[i]), lambda _: ffn, norms=4
    )
    return fields.spec(layers, tie_word_embeddings=fields.flag("tie_word_embeddings", default=True), **changes)


_GEMMA3_DEFAULTS = {
    "vocab_size": 262208,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131072,
}
"""Gemma 3's config.json leaves out what equals the defaults of its configuration class."""


def _gemma3(fields: Fields) -> ModelSpec:
    text = fields.nested("text_config")
    text = Fields({**_GEMMA3_DEFAULTS, **text.config}, name=fields.name, file=fields.file)
    return _gemma3_text(text, extra_parameters=vision_parameters(fields, text.count("hidden_size")))


READERS = {
    "GemmaForCausalLM": _gemma,
    "Gemma2ForCausalLM": _gemma2,
    "Gemma3ForCausalLM": _gemma3_text,
    "Gemma3ForConditionalGeneration": _gemma3,
}
TYPES = {
    "gemma": "GemmaForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3_text": "Gemma3ForCausalLM",
    "gemma3": "Gemma3ForConditionalGeneration",
}
