"""Checkpoints that are another copy of a catalog model: a tune, a later date, a quantised version.

``RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic`` has the shape of ``meta-llama/Llama-3.3-70B-Instruct`` and says in its
name how its weights are stored. What a name does not say (scales per channel or tensor, which layers were left alone)
is that format's usual recipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from simulator.models.quantization import Quantization

_FORMATS: dict[str, Quantization] = {
    "fp8": Quantization("compressed-tensors", "fp8", "fp8"),
    "w8a8": Quantization("compressed-tensors", "int8", "int8"),
    "w8a16": Quantization("compressed-tensors", "int8", "bf16"),
    "w4a16": Quantization("compressed-tensors", "int4_g128", "bf16"),
    "awq": Quantization("awq", "int4_g128_zp4", "bf16"),
    "gptq": Quantization("gptq", "int4_g128", "bf16"),
    "nvfp4": Quantization("modelopt", "nvfp4", "fp4"),
    "fp4": Quantization("modelopt", "nvfp4", "fp4"),
    "mxfp4": Quantization("mxfp4", "mxfp4", "bf16"),
}
"""What a word in a checkpoint's name says about its linear layers."""

_BLOCK_FP8 = Quantization("fp8", "fp8_b128", "fp8")
_BLOCK_FP8_PUBLISHERS = ("qwen", "deepseek-ai", "zai-org", "minimaxai", "moonshotai")
"""Organisations whose FP8 checkpoints have one scale for 128 x 128 weights."""

_SAID_WITH_A_FORMAT = {"dynamic", "kv", "block", "quantized", "int4", "int8", "4bit", "8bit", "g128", "preview"}
_TUNES = {"instruct", "chat", "it", "base", "hf", "thinking", "pt", "bf16", "fp16", "meta"}
_DATE = re.compile(r"2[3-9](0[1-9]|1[0-2])|(0[1-9]|1[0-2])[0-3]\d")
"""``2507`` (year, month) or ``0528`` (month, day)."""


def derived_from(name: str, known: Mapping[str, Path]) -> tuple[Path, Quantization | None] | None:
    """The catalog file a checkpoint's name derives from, and the format the name tells.

    ``known``: lower-case names of the catalog -> file. None when no catalog model has that name without its additions,
    or when several do.
    """
    words = _words(name)
    stored = next((_FORMATS[word] for word in words if word in _FORMATS), None)
    wanted = _core(words, quantised=stored is not None)
    files = {path for other, path in known.items() if _core(_words(other), quantised=False) == wanted}
    if len(files) != 1:
        return None
    if stored is _FORMATS["fp8"] and name.lower().partition("/")[0] in _BLOCK_FP8_PUBLISHERS:
        stored = _BLOCK_FP8
    return files.pop(), stored


def _words(name: str) -> list[str]:
    """The parts of a checkpoint's own name, lower-case; ``quantized.w4a16`` is two, ``llama-3.1`` stays ``3.1``."""
    own = name.lower().rpartition("/")[2].replace("_", "-")
    return [part for word in own.split("-") for part in re.split(r"\.(?=[a-z])|\+", word) if part]


def _core(words: Iterable[str], *, quantised: bool) -> tuple[str, ...]:
    """The words that make a model another one: family, generation, size."""
    dropped = _TUNES | (set(_FORMATS) | _SAID_WITH_A_FORMAT if quantised else set())
    return tuple(word for word in words if word not in dropped and not _DATE.fullmatch(word))
