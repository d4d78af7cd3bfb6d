"""Read a Hugging Face ``config.json`` as downloaded: find the reader of its architecture and call it."""

from __future__ import annotations

import json
from pathlib import Path

from simulator.datafiles import names_file, names_folder
from simulator.errors import InputError, did_you_mean
from simulator.models.families.fields import Config, Fields
from simulator.models.families.registry import PLAIN_DECODER, READERS, TYPES, Reader
from simulator.models.spec import ModelSpec


def read_hf_config(path: Path, *, name: str | None = None, plain_decoder: bool = False) -> ModelSpec:
    """Read a ``config.json``, or the one in a folder.

    ``plain_decoder`` accepts an architecture without a reader as a Llama-shaped decoder. Raises ``InputError`` when the
    file is no JSON object, lacks a size, or describes an architecture without a reader.
    """
    file = path / "config.json" if names_folder(path) else path
    if not names_file(file):
        raise InputError("no such model file; a Hugging Face config.json is expected", file=file)
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"is not valid JSON: {error}", file=file, line=line) from None
    if not isinstance(config, dict):
        raise InputError("must hold one JSON object", file=file)
    default_name = file.resolve().parent.name if file.name == "config.json" else file.stem
    stated = name or str(config.get("_name_or_path") or default_name)
    return spec_from_config(config, name=stated, file=file, plain_decoder=plain_decoder)


def spec_from_config(
    config: Config, *, name: str, file: str | Path | None = None, plain_decoder: bool = False
) -> ModelSpec:
    """Build a ``ModelSpec`` from the parsed content of a ``config.json``; arguments as in ``read_hf_config``."""
    fields = Fields(config, name=name, file=file)
    reader = _reader(fields)
    if reader is None:
        if not plain_decoder:
            raise _unknown(fields)
        reader = PLAIN_DECODER
    return reader(fields)


def supported_architectures() -> list[str]:
    """Names in ``architectures`` that can be read."""
    return sorted(READERS)


def _architectures(fields: Fields) -> list[str]:
    names = fields.get("architectures") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise fields.error("architectures", "must be a list of names", names)
    return names


def _reader(fields: Fields) -> Reader | None:
    """The reader of the first known architecture; without any name, of the ``model_type``."""
    names = _architectures(fields)
    known = [name for name in names if name in READERS]
    if known:
        return READERS[known[0]]
    by_type = TYPES.get(str(fields.get("model_type")))
    return READERS[by_type] if by_type and not names else None


def _unknown(fields: Fields) -> InputError:
    names = _architectures(fields)
    found = ", ".join(names) or f"model_type {fields.get('model_type')!r}"
    return InputError(
        "no reader for this architecture (plain_decoder accepts it as a Llama-shaped decoder); supported: "
        + ", ".join(supported_architectures()),
        file=fields.file,
        path="architectures",
        value=found,
        hint=_missing_piece(fields) or did_you_mean(found, READERS),
    )


def _missing_piece(fields: Fields) -> str | None:
    """Which building blocks an unsupported model has, as far as its keys tell."""
    pieces = {
        "kv_lora_rank": "multi-head latent attention (MLA)",
        "state_size": "state-space layers (SSM)",
        "mamba_d_state": "state-space layers (SSM)",
        "vision_config": "a vision encoder",
        "audio_config": "an audio encoder",
        "is_encoder_decoder": "an encoder-decoder",
    }
    found = sorted({piece for key, piece in pieces.items() if fields.get(key)})
    return f"its keys tell of {', '.join(found)}; a reader must say where they stand" if found else None
