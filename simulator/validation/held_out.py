"""Constants fitted without a model's own runs: ``calibration/engines/held_out/<engine>.yaml``, one set per model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.datafiles import data_dir
from simulator.errors import did_you_mean
from simulator.validation.engine_terms import ENGINE_TERMS
from simulator.yaml_section import Section, read_yaml


@dataclass(frozen=True)
class HeldOutConstants:
    """``groups``: whose cases were fitted; ``folds``: held-out model -> engine profile field -> value (s, factors)."""

    groups: tuple[str, ...]
    folds: Mapping[str, Mapping[str, float]]

    def of(self, group: str, model: str) -> Mapping[str, float]:
        """Constants that have not seen this model's runs; empty for a case that no fit has seen."""
        return self.folds.get(model, {}) if group in self.groups else {}


def held_out_constants(engine: str) -> HeldOutConstants:
    """The folds of that engine profile; none when it was fitted to nothing. ``InputError`` for a broken file."""
    path = held_out_file(engine)
    return read_held_out(path) if path.is_file() else HeldOutConstants((), {})


def held_out_file(engine: str) -> Path:
    """Where the folds of an engine profile stand."""
    return data_dir("calibration/engines") / "held_out" / f"{engine}.yaml"


def read_held_out(path: Path) -> HeldOutConstants:
    """Read one file; ``InputError`` names file, line and path of anything missing, unfit or unknown."""
    file = read_yaml(path)
    file.text("engine")
    file.text("source")
    groups = tuple(file.texts("groups"))
    folds = {model: _terms(fold) for model, fold in file.section("held_out").sections()}
    file.finish()
    return HeldOutConstants(groups, folds)


def _terms(fold: Section) -> dict[str, float]:
    """Values in the units of ``EngineProfile``, by its field names."""
    found = {}
    for key in fold.content:
        if key not in ENGINE_TERMS:
            known = ", ".join(ENGINE_TERMS)
            raise fold.error(key, f"is not an engine term; known: {known}", hint=did_you_mean(key, ENGINE_TERMS))
        field, unit = ENGINE_TERMS[key]
        found[field] = fold.number(key, at_least=0.0) * unit
    return found
