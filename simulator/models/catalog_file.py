"""Read one model file of the catalog: sizes in this program's own terms, or the numbers of a config.json.

Both say where the numbers come from (``source``, ``as_of``). A file with ``config`` holds the keys of the published
``config.json`` that decide the model's shape and goes through the same readers as a downloaded one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.models.hf_config import spec_from_config
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec, MoEFFN
from simulator.yaml_section import Section, read_yaml


def read_catalog_file(path: Path) -> ModelSpec:
    """Read one catalog file; ``InputError`` names its line when something is amiss."""
    file = read_yaml(path)
    file.texts("hugging_face_ids")
    file.texts("aliases")
    source, as_of = file.text("source"), file.text("as_of")
    spec = _from_config(file, path) if file.has("config") else _from_sizes(file, path)
    file.finish()
    return replace(spec, source=source, as_of=as_of)


def names_in(path: Path) -> list[str]:
    """The names a catalog file answers to: its own, Hugging Face ids, aliases."""
    file = read_yaml(path)
    return [path.stem, *file.texts("hugging_face_ids"), *file.texts("aliases")]


def _from_config(file: Section, path: Path) -> ModelSpec:
    """``plain_decoder: true`` accepts an architecture without a reader as a Llama-shaped decoder."""
    config = file.section("config").content
    return spec_from_config(config, name=path.stem, file=path, plain_decoder=file.flag("plain_decoder"))


def _from_sizes(file: Section, path: Path) -> ModelSpec:
    block = LayerBlock(_attention(file.section("attention")), _ffn(file.section("ffn")))
    return ModelSpec(
        name=path.stem,
        hidden_size=file.whole("hidden_size"),
        vocab_size=file.whole("vocab_size"),
        layers=(block,) * file.whole("num_layers"),
        tie_word_embeddings=file.flag("tie_word_embeddings"),
        max_position_embeddings=file.whole("max_position_embeddings"),
        torch_dtype=file.text("torch_dtype", allowed=BYTES_PER_ELEMENT),
    )


def _attention(section: Section) -> GQAAttention:
    section.text("kind", allowed=["gqa"])
    heads = section.whole("num_heads")
    kv_heads = section.whole("num_kv_heads")
    if heads % kv_heads:
        raise section.error("num_kv_heads", f"must divide num_heads ({heads})", value=kv_heads)
    attention = GQAAttention(
        heads,
        kv_heads,
        section.whole("head_dim"),
        qkv_bias=section.flag("qkv_bias"),
        qk_norm=section.flag("qk_norm"),
        sliding_window=section.whole("sliding_window") if section.has("sliding_window") else None,
    )
    section.finish()
    return attention


def _ffn(section: Section) -> DenseFFN | MoEFFN:
    ffn: DenseFFN | MoEFFN
    if section.text("kind", allowed=["dense", "moe"]) == "dense":
        ffn = DenseFFN(section.whole("intermediate_size"), section.whole("num_matrices", 3))
    else:
        ffn = MoEFFN(
            num_experts=section.whole("num_experts"),
            experts_per_token=section.whole("experts_per_token"),
            intermediate_size=section.whole("intermediate_size"),
            num_matrices=section.whole("num_matrices", 3),
            shared_intermediate_size=section.whole("shared_intermediate_size", 0, at_least=0),
        )
    section.finish()
    return ffn
