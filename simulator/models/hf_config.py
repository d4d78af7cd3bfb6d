"""Read a Hugging Face ``config.json`` as downloaded.

One reader per architecture family builds the typed blocks; families that share a shape share a reader.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from simulator.errors import InputError, did_you_mean
from simulator.models.dtypes import parse_dtype
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec, MoEFFN

Config = Mapping[str, Any]


class _Fields:
    """Typed access to a config's keys; a missing or wrong one is an ``InputError`` that names file and key."""

    def __init__(self, config: Config, file: str | Path | None) -> None:
        self.config = config
        self.file = file

    def count(self, key: str, *, default: int | None = None) -> int:
        """A whole number >= 1; null counts as absent."""
        value = self.config.get(key)
        if value is None:
            if default is None:
                near = did_you_mean(key, self.config.keys())
                raise InputError(
                    "is missing; the model's size cannot be known without it", file=self.file, path=key, hint=near
                )
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError("must be a whole number >= 1", file=self.file, path=key, value=value)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A boolean; null counts as absent."""
        value = self.config.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise InputError("must be true or false", file=self.file, path=key, value=value)
        return value


def read_hf_config(path: Path, *, name: str | None = None) -> ModelSpec:
    """Read a ``config.json``, or the one in a folder.

    Raises ``InputError`` when the file is no JSON object, lacks a size, or describes an architecture without a reader.
    """
    file = path / "config.json" if path.is_dir() else path
    if not file.is_file():
        raise InputError("no such model file; a Hugging Face config.json is expected", file=file)
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"is not valid JSON: {error}", file=file, line=line) from None
    if not isinstance(config, dict):
        raise InputError("must hold one JSON object", file=file)
    default_name = file.parent.name if file.name == "config.json" else file.stem
    return spec_from_config(config, name=name or str(config.get("_name_or_path") or default_name), file=file)


def spec_from_config(config: Config, *, name: str, file: str | Path | None = None) -> ModelSpec:
    """Build a ``ModelSpec`` from the parsed content of a ``config.json``."""
    reader = _LAYERS_OF[_architecture(config, file)]
    fields = _Fields(config, file)
    dtype = config.get("torch_dtype") or config.get("dtype") or "bfloat16"
    return ModelSpec(
        name=name,
        hidden_size=fields.count("hidden_size"),
        vocab_size=fields.count("vocab_size"),
        layers=reader(fields),
        tie_word_embeddings=fields.flag("tie_word_embeddings"),
        max_position_embeddings=fields.count("max_position_embeddings", default=4096),
        torch_dtype=parse_dtype(str(dtype), path="torch_dtype"),
        source=f"config.json {file}" if file is not None else "config.json",
    )


def supported_architectures() -> list[str]:
    """Names in ``architectures`` that can be read."""
    return sorted(_LAYERS_OF)


def _architecture(config: Config, file: str | Path | None) -> str:
    names = config.get("architectures") or []
    for name in names:
        if name in _LAYERS_OF:
            return str(name)
    by_type = _ARCHITECTURE_OF_TYPE.get(str(config.get("model_type")))
    if not names and by_type:
        return by_type
    found = ", ".join(map(str, names)) or f"model_type {config.get('model_type')!r}"
    raise InputError(
        f"no reader for this architecture; supported: {', '.join(supported_architectures())}",
        file=file,
        path="architectures",
        value=found,
        hint=_missing_piece(config) or did_you_mean(found, _LAYERS_OF),
    )


def _missing_piece(config: Config) -> str | None:
    """Which building block an unsupported model would need, as far as its keys tell."""
    pieces = {
        "kv_lora_rank": "multi-head latent attention (MLA)",
        "state_size": "state-space layers (SSM)",
        "mamba_d_state": "state-space layers (SSM)",
        "vision_config": "a vision encoder",
        "audio_config": "an audio encoder",
        "is_encoder_decoder": "an encoder-decoder",
    }
    lacking = sorted({piece for key, piece in pieces.items() if config.get(key)})
    return f"what is missing here: {', '.join(lacking)}" if lacking else None


def _attention(fields: _Fields, *, qkv_bias: bool, qk_norm: bool = False, window: int | None = None) -> GQAAttention:
    heads = fields.count("num_attention_heads")
    kv_heads = fields.count("num_key_value_heads", default=heads)
    if heads % kv_heads:
        raise InputError(
            f"must divide num_attention_heads ({heads})", file=fields.file, path="num_key_value_heads", value=kv_heads
        )
    hidden = fields.count("hidden_size")
    if fields.config.get("head_dim") is None and hidden % heads:
        raise InputError(
            f"must divide hidden_size ({hidden}) when head_dim is not given",
            file=fields.file,
            path="num_attention_heads",
            value=heads,
        )
    head_dim = fields.count("head_dim", default=max(1, hidden // heads))
    return GQAAttention(heads, kv_heads, head_dim, qkv_bias=qkv_bias, qk_norm=qk_norm, sliding_window=window)


def _uniform(fields: _Fields, attention: GQAAttention, ffn: DenseFFN | MoEFFN) -> tuple[LayerBlock, ...]:
    return (LayerBlock(attention, ffn),) * fields.count("num_hidden_layers")


def _window(fields: _Fields) -> int | None:
    return None if fields.config.get("sliding_window") is None else fields.count("sliding_window")


def _llama(fields: _Fields) -> tuple[LayerBlock, ...]:
    attention = _attention(fields, qkv_bias=fields.flag("attention_bias"))
    return _uniform(fields, attention, DenseFFN(fields.count("intermediate_size")))


def _mistral(fields: _Fields) -> tuple[LayerBlock, ...]:
    attention = _attention(fields, qkv_bias=False, window=_window(fields))
    return _uniform(fields, attention, DenseFFN(fields.count("intermediate_size")))


def _mixtral(fields: _Fields) -> tuple[LayerBlock, ...]:
    attention = _attention(fields, qkv_bias=False, window=_window(fields))
    ffn = MoEFFN(
        num_experts=fields.count("num_local_experts"),
        experts_per_token=fields.count("num_experts_per_tok"),
        intermediate_size=fields.count("intermediate_size"),
    )
    return _uniform(fields, attention, _checked(ffn, fields))


def _qwen_layers(
    fields: _Fields, *, qkv_bias: bool, qk_norm: bool, ffn_of: Callable[[int], DenseFFN | MoEFFN]
) -> tuple[LayerBlock, ...]:
    """Qwen uses its window only when ``use_sliding_window`` says so, and then from ``max_window_layers`` up."""
    layers = fields.count("num_hidden_layers")
    window = _window(fields) if fields.flag("use_sliding_window") else None
    first_windowed = fields.count("max_window_layers", default=layers) if window else layers
    full = _attention(fields, qkv_bias=qkv_bias, qk_norm=qk_norm)
    local = _attention(fields, qkv_bias=qkv_bias, qk_norm=qk_norm, window=window)
    return tuple(LayerBlock(full if i < first_windowed else local, ffn_of(i)) for i in range(layers))


def _qwen2(fields: _Fields) -> tuple[LayerBlock, ...]:
    dense = DenseFFN(fields.count("intermediate_size"))
    return _qwen_layers(fields, qkv_bias=True, qk_norm=False, ffn_of=lambda _: dense)


def _qwen3(fields: _Fields) -> tuple[LayerBlock, ...]:
    dense = DenseFFN(fields.count("intermediate_size"))
    bias = fields.flag("attention_bias")
    return _qwen_layers(fields, qkv_bias=bias, qk_norm=True, ffn_of=lambda _: dense)


def _qwen3_moe(fields: _Fields) -> tuple[LayerBlock, ...]:
    moe = MoEFFN(
        num_experts=fields.count("num_experts"),
        experts_per_token=fields.count("num_experts_per_tok"),
        intermediate_size=fields.count("moe_intermediate_size"),
    )
    moe = _checked(moe, fields)
    dense_layers = set(fields.config.get("mlp_only_layers") or [])
    step = fields.count("decoder_sparse_step", default=1)

    def ffn_of(layer: int) -> DenseFFN | MoEFFN:
        if layer in dense_layers or (layer + 1) % step:
            return DenseFFN(fields.count("intermediate_size"))
        return moe

    return _qwen_layers(fields, qkv_bias=fields.flag("attention_bias"), qk_norm=True, ffn_of=ffn_of)


def _checked(moe: MoEFFN, fields: _Fields) -> MoEFFN:
    if moe.experts_per_token > moe.num_experts:
        raise InputError(
            f"must not exceed the number of experts ({moe.num_experts})",
            file=fields.file,
            path="num_experts_per_tok",
            value=moe.experts_per_token,
        )
    return moe


_LAYERS_OF: dict[str, Callable[[_Fields], tuple[LayerBlock, ...]]] = {
    "LlamaForCausalLM": _llama,
    "MistralForCausalLM": _mistral,
    "MixtralForCausalLM": _mixtral,
    "Qwen2ForCausalLM": _qwen2,
    "Qwen3ForCausalLM": _qwen3,
    "Qwen3MoeForCausalLM": _qwen3_moe,
}

_ARCHITECTURE_OF_TYPE = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "mixtral": "MixtralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen3_moe": "Qwen3MoeForCausalLM",
}
