"""Which reader serves which architecture. A new family is a new file and one entry of ``_FAMILIES``."""

from __future__ import annotations

from collections.abc import Callable

from simulator.models.families import (
    classic,
    deepseek,
    encoder_decoder,
    gemma,
    glm,
    gpt_oss,
    llama,
    llama4,
    phi,
    qwen,
    recurrent,
)
from simulator.models.families.fields import Fields
from simulator.models.spec import ModelSpec

Reader = Callable[[Fields], ModelSpec]

_FAMILIES = (llama, llama4, qwen, gemma, phi, deepseek, gpt_oss, glm, classic, recurrent, encoder_decoder)

READERS: dict[str, Reader] = {name: reader for family in _FAMILIES for name, reader in family.READERS.items()}
"""Name in ``architectures`` -> reader."""

TYPES: dict[str, str] = {kind: name for family in _FAMILIES for kind, name in family.TYPES.items()}
"""``model_type`` -> the architecture it stands for when ``architectures`` is absent or unknown."""

PLAIN_DECODER: Reader = llama.read_llama
"""The reader for an unknown architecture that the user declares to be a plain decoder."""
