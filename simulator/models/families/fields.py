"""Typed access to a config.json, and the pieces its readers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from simulator.errors import InputError, did_you_mean
from simulator.models.attention import GQAAttention, TokenMixer
from simulator.models.dtypes import parse_dtype
from simulator.models.ffn import FFNBlock, MoEFFN
from simulator.models.quantization_config import read_quantization
from simulator.models.spec import LayerBlock, ModelSpec

Config = Mapping[str, Any]

_MOST_LAYERS = 10_000
"""Every layer is an object; no model comes near this many."""

_MISSPELT = 0.8
"""Similarity of a misspelt key to the right one: keys of one config resemble each other."""


class Fields:
    """Typed access to a config's keys; a missing or wrong one is an ``InputError`` that names file and key.

    Getters take several spellings of a key; the first that is present and not null counts.
    """

    def __init__(self, config: Config, *, name: str, file: str | Path | None = None) -> None:
        self.config = config
        self.name = name
        self.file = file

    def nested(self, key: str) -> Fields:
        """The fields of a nested object such as ``text_config``; formats and ties of the outer one are inherited."""
        inner = self.config.get(key)
        if not isinstance(inner, dict):
            raise self.error(key, "must be an object", inner)
        outer = {k: v for k, v in self.config.items() if k in ("torch_dtype", "dtype", "quantization_config")}
        return Fields({**outer, **inner}, name=self.name, file=self.file)

    def error(self, key: str, problem: str, value: object = None) -> InputError:
        """An ``InputError`` at ``key`` (the caller raises it)."""
        return InputError(problem, file=self.file, path=key, value=value)

    def get(self, *keys: str) -> Any:
        """The first of these keys that is not null, else None."""
        return next((self.config[key] for key in keys if self.config.get(key) is not None), None)

    def count(self, *keys: str, default: int | None = None, at_least: int = 1) -> int:
        """A whole number; null counts as absent."""
        value = self.get(*keys)
        if value is None:
            if default is not None:
                return default
            near = did_you_mean(keys[0], self.config, near=_MISSPELT)
            raise InputError(
                "is missing; the model's size cannot be known without it", file=self.file, path=keys[0], hint=near
            )
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
            raise self.error(keys[0], f"must be a whole number >= {at_least}", value)
        return value

    def layers(self, *keys: str, default: int | None = None) -> int:
        """A number of layers, at most ``_MOST_LAYERS``."""
        value = self.count(*keys, default=default)
        if value > _MOST_LAYERS:
            raise self.error(keys[0], f"must be at most {_MOST_LAYERS}", value)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A boolean; null counts as absent."""
        value = self.config.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false", value)
        return value

    def whole_list(self, key: str) -> list[int]:
        """A list of whole numbers; absent or null gives an empty one."""
        value = self.config.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise self.error(key, "must be a list of whole numbers", value)
        return value

    def texts(self, key: str, *, length: int) -> list[str] | None:
        """A list of ``length`` strings (one per layer), or None when absent."""
        value = self.config.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of strings", value)
        if len(value) != length:
            raise self.error(key, f"must have one entry per layer ({length})", len(value))
        return value

    def spec(self, layers: tuple[LayerBlock, ...], **changes: Any) -> ModelSpec:
        """A ``ModelSpec`` of these layers and the fields every config has; ``changes`` override them."""
        dtype = self.get("torch_dtype", "dtype") or "bfloat16"
        stated: dict[str, Any] = {
            "hidden_size": changes.get("hidden_size") or self.count("hidden_size"),
            "vocab_size": changes.get("vocab_size") or self.count("vocab_size"),
            "tie_word_embeddings": changes.get("tie_word_embeddings", self.flag("tie_word_embeddings")),
            "max_position_embeddings": changes.get("max_position_embeddings")
            or self.count("max_position_embeddings", default=4096),
            "torch_dtype": parse_dtype(str(dtype), path="torch_dtype"),
            "source": f"config.json {self.file}" if self.file is not None else "config.json",
            "quantization": read_quantization(self.config, file=self.file),
        }
        return ModelSpec(name=self.name, layers=layers, **{**stated, **changes})


def attention(fields: Fields, **changes: Any) -> GQAAttention:
    """Grouped-query attention from the usual keys; ``changes`` are fields of ``GQAAttention`` that override them."""
    heads = changes.pop("num_heads", None) or fields.count("num_attention_heads", "n_head", "num_heads")
    kv_heads = changes.pop("num_kv_heads", None) or fields.count("num_key_value_heads", default=heads)
    if heads % kv_heads:
        raise fields.error("num_key_value_heads", f"must divide num_attention_heads ({heads})", kv_heads)
    head_dim = changes.pop("head_dim", None) or _head_dim(fields, heads)
    return GQAAttention(heads, kv_heads, head_dim, **changes)


def _head_dim(fields: Fields, heads: int) -> int:
    if fields.get("head_dim") is not None:
        return fields.count("head_dim")
    hidden = fields.count("hidden_size", "n_embd", "n_embed", "d_model")
    if hidden % heads:
        raise fields.error(
            "num_attention_heads", f"must divide hidden_size ({hidden}) when head_dim is not given", heads
        )
    return hidden // heads


def window(fields: Fields) -> int | None:
    """``sliding_window``, None when absent or null."""
    return None if fields.get("sliding_window") is None else fields.count("sliding_window")


def uniform(fields: Fields, mixer: TokenMixer, ffn: FFNBlock, **block: Any) -> tuple[LayerBlock, ...]:
    """All layers alike; ``block`` are further fields of ``LayerBlock``."""
    return (LayerBlock(mixer, ffn, **block),) * fields.layers("num_hidden_layers", "n_layer", "num_layers")


def by_layer(fields: Fields, mixer_of: Callable[[int], TokenMixer], ffn_of: Callable[[int], FFNBlock],
             **block: Any) -> tuple[LayerBlock, ...]:  # fmt: skip
    """Layers that differ by their index, which starts at 0."""
    return tuple(LayerBlock(mixer_of(i), ffn_of(i), **block) for i in range(fields.layers("num_hidden_layers")))


def windows_of(fields: Fields, is_local: Callable[[int], bool]) -> list[int | None]:
    """Window per layer: from ``layer_types`` when the config has it, else from the family's own pattern."""
    layers, size = fields.layers("num_hidden_layers"), window(fields)
    types = fields.texts("layer_types", length=layers)
    local = [is_local(i) for i in range(layers)] if types is None else [kind != "full_attention" for kind in types]
    return [size if near else None for near in local]


def checked(moe: MoEFFN, fields: Fields) -> MoEFFN:
    """Refuse a mixture in which a token chooses more experts than there are."""
    if moe.experts_per_token > moe.num_experts:
        raise fields.error(
            "num_experts_per_tok",
            f"must not exceed the number of experts ({moe.num_experts})",
            moe.experts_per_token,
        )
    return moe
