"""Names of engine profile terms in files, with their units: ``per_step_us`` is the field ``per_step_s`` in 1e-6 s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.cost.engine_profile import OPTIONAL_TERMS, PROFILE_TERMS, EngineProfile

ENGINE_TERMS: dict[str, tuple[str, float]] = {
    key: (field, unit) for field, (key, unit) in (PROFILE_TERMS | OPTIONAL_TERMS).items() if field != "reserved_bytes"
}
"""Key in an engine file -> field of ``EngineProfile`` and the field's unit (s, or 1) per unit of the key:
the terms of a profile that are times, factors or shares, so all but the memory it reserves."""


def with_terms(profile: EngineProfile, terms: Mapping[str, float]) -> EngineProfile:
    """The profile with some of its fields (s, factors) changed."""
    fields: dict[str, Any] = dict(terms)
    return replace(profile, **fields)
