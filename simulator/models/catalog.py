"""Find a model by name: catalog entry, Hugging Face id, alias, or the path of a ``config.json`` (or its folder)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from simulator.datafiles import names_file, names_folder, user_path
from simulator.errors import InputError, did_you_mean
from simulator.models.catalog_file import names_in, read_catalog_file
from simulator.models.checkpoint_names import derived_from
from simulator.models.hf_config import read_hf_config
from simulator.models.quantization import Quantization
from simulator.models.spec import ModelSpec
from simulator.yaml_section import read_yaml

_CATALOG = Path(__file__).resolve().parent / "catalog"


def load_model(name_or_path: str | Path, *, plain_decoder: bool = False) -> ModelSpec:
    """The model of that name, id, alias or path.

    ``plain_decoder`` accepts a ``config.json`` of unknown architecture as a Llama-shaped decoder. Raises ``InputError``
    with near names when nothing is known under the name.
    """
    name = str(name_or_path)
    if name in list_models():  # spares reading every file for aliases
        return read_catalog_file(_CATALOG / f"{name}.yaml")
    known = _names()
    if name.lower() in known:
        return read_catalog_file(known[name.lower()])
    path = user_path(name)
    if path.suffix == ".json" or names_folder(path):
        return read_hf_config(path, plain_decoder=plain_decoder)
    if path.suffix in (".yaml", ".yml") and names_file(path):
        return read_catalog_file(path)
    if (derived := derived_from(name, known)) is not None:
        return _derived_model(name, *derived)
    raise InputError(
        "no such model; give a catalog name, a Hugging Face id in the catalog, or the path of a config.json",
        path="model",
        value=name,
        hint=did_you_mean(name, known, of=known) or "`inferplan list models` names the catalog",
    )


def _derived_model(name: str, base: Path, stored: Quantization | None) -> ModelSpec:
    """A model of the catalog under another name, stored as that name says."""
    spec = read_catalog_file(base)
    source = f"{spec.source}; {name} taken to have the same shape"
    return replace(spec, name=name, source=source, quantization=stored or spec.quantization)


def hugging_face_id(name_or_path: str | Path) -> str | None:
    """The id under which a catalog model, or a copy of one, is published; None for models that are neither."""
    name = str(name_or_path)
    known = _names()
    if name.lower() not in known:
        return name if "/" in name and derived_from(name, known) is not None else None
    ids = read_yaml(known[name.lower()]).texts("hugging_face_ids")
    return ids[0] if ids else None


def own_model_folder(name_or_path: str | Path) -> Path | None:
    """The folder of a model that is no catalog entry but a ``config.json``, or the folder of one; else None."""
    path = user_path(str(name_or_path))
    if path.suffix == ".json":
        return path.resolve().parent
    return path.resolve() if str(name_or_path).lower() not in _names() and names_folder(path) else None


def list_models() -> list[str]:
    """Names of the catalog, sorted."""
    return sorted(path.stem for path in _CATALOG.glob("*.yaml"))


@cache
def _names() -> dict[str, Path]:
    """Every lower-case name, id and alias -> catalog file."""
    known: dict[str, Path] = {}
    for path in sorted(_CATALOG.glob("*.yaml")):
        for name in names_in(path):
            if known.setdefault(name.lower(), path) != path:
                raise InputError(
                    f"is already the name of {known[name.lower()].stem}", file=path, path="aliases", value=name
                )
    return known
