"""Page of a model."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from simulator.cli.page import Fact, Page
from simulator.models.catalog import load_model
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.models.spec import LayerBlock, ModelSpec

_GIB, _KIB = 2**30, 2**10


def model_page(name: str) -> Page:
    """Sizes of a model: weights, layers, KV cache."""
    model = load_model(name)
    sections = {
        "size": [
            Fact("parameters", model.parameters / 1e9, "B"),
            Fact("active parameters", model.active_matmul_parameters / 1e9, "B", "of the layers, per token"),
            Fact("hidden size", model.hidden_size),
            Fact("vocabulary", model.vocab_size, "", "tied LM head" if model.tie_word_embeddings else ""),
            Fact("longest context", model.max_position_embeddings, "tokens"),
            Fact("weights", model.torch_dtype, "", "format of the published checkpoint"),
        ],
        "weights in": [
            Fact(dtype, model.parameters * BYTES_PER_ELEMENT[dtype] / _GIB, "GiB") for dtype in ("bf16", "fp8")
        ],
        "KV cache": _kv(model),
        "layers": [
            fact
            for number, (block, count) in enumerate(model.layer_groups, start=1)
            for fact in _layer(number, block, count)
        ],
    }
    subtitle = f"{model.parameters / 1e9:.3g}B parameters, {model.num_layers} layers"
    read = f" (read {model.as_of})" if model.as_of else ""
    return Page(model.name, subtitle, sections, {"sources": (model.source + read,) if model.source else ()})


def _kv(model: ModelSpec) -> list[Fact]:
    context = min(8192, model.max_position_embeddings)
    facts = [
        Fact("per token", model.kv_bytes_per_token() / _KIB, "KiB", "bf16, all layers"),
        Fact(f"at {context} tokens", model.kv_bytes(context) / _GIB, "GiB", "bf16, one sequence"),
    ]
    state = model.state_bytes_per_sequence()
    if state:
        facts.append(Fact("per sequence", state / _KIB, "KiB", "whatever its length: recurrent state, cross attention"))
    return facts


def _layer(number: int, block: LayerBlock, count: int) -> list[Fact]:
    """The blocks of a group of equal layers."""
    parts = (*block.mixers, block.ffn)
    return [Fact(f"{number}. {count} x {type(part).__name__}", _settings(part)) for part in parts]


def _settings(part: Any) -> str:
    """What of a block differs from its defaults."""
    stated = [(field.name, getattr(part, field.name)) for field in fields(part) if _is_stated(field, part)]
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in stated)


def _is_stated(field: Field[Any], part: Any) -> bool:
    return field.default is MISSING or getattr(part, field.name) != field.default
