"""Find a model by name: catalog entry, Hugging Face id, alias, or the path of a ``config.json`` (or its folder)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from simulator.errors import InputError, did_you_mean
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.models.hf_config import read_hf_config
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec, MoEFFN
from simulator.yaml_section import Section, read_yaml

_CATALOG = Path(__file__).resolve().parent / "catalog"


def load_model(name_or_path: str | Path) -> ModelSpec:
    """The model of that name, id, alias or path.

    Raises ``InputError`` with near names when nothing is known under it.
    """
    name = str(name_or_path)
    known = _names()
    if name.lower() in known:
        return read_catalog_file(known[name.lower()])
    path = Path(name).expanduser()
    if path.suffix == ".json" or path.is_dir():
        return read_hf_config(path)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return read_catalog_file(path)
    raise InputError(
        "no such model; give a catalog name, a Hugging Face id in the catalog, or the path of a config.json",
        path="model",
        value=name,
        hint=did_you_mean(name, known) or f"catalog: {', '.join(list_models())}",
    )


def list_models() -> list[str]:
    """Names of the catalog, sorted."""
    return sorted(path.stem for path in _CATALOG.glob("*.yaml"))


@cache
def _names() -> dict[str, Path]:
    """Every lower-case name, id and alias -> catalog file."""
    known: dict[str, Path] = {}
    for path in sorted(_CATALOG.glob("*.yaml")):
        file = read_yaml(path)
        for name in (path.stem, *file.texts("hugging_face_ids"), *file.texts("aliases")):
            if known.setdefault(name.lower(), path) != path:
                raise file.error("aliases", f"is already the name of {known[name.lower()].stem}", value=name)
    return known


def read_catalog_file(path: Path) -> ModelSpec:
    """Read one catalog file; ``InputError`` names its line when something is amiss."""
    file = read_yaml(path)
    file.texts("hugging_face_ids")
    file.texts("aliases")
    block = LayerBlock(_attention(file.section("attention")), _ffn(file.section("ffn")))
    spec = ModelSpec(
        name=path.stem,
        hidden_size=file.whole("hidden_size"),
        vocab_size=file.whole("vocab_size"),
        layers=(block,) * file.whole("num_layers"),
        tie_word_embeddings=file.flag("tie_word_embeddings"),
        max_position_embeddings=file.whole("max_position_embeddings"),
        torch_dtype=file.text("torch_dtype", allowed=BYTES_PER_ELEMENT),
        source=file.text("source"),
        as_of=file.text("as_of"),
    )
    file.finish()
    return spec


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
