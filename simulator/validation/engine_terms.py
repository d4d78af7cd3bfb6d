"""Names of engine profile terms in files, with their units: ``per_step_us`` is the field ``per_step_s`` in 1e-6 s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.cost.engine_profile import EngineProfile

_US, _MS = 1e-6, 1e-3

ENGINE_TERMS: dict[str, tuple[str, float]] = {
    "api_delivery_ms": ("api_delivery_s", _MS),
    "per_step_us": ("per_step_s", _US),
    "per_layer_us": ("per_layer_s", _US),
    "per_layer_prefill_us": ("per_layer_prefill_s", _US),
    "per_admitted_us": ("per_admitted_s", _US),
    "sampler_step_us": ("sampler_step_s", _US),
    "sampler_row_us_per_100k": ("sampler_row_s_per_word", _US / 1e5),
    "gemm_multiplier": ("gemm_multiplier", 1.0),
    "prefill_attention_multiplier": ("prefill_attention_multiplier", 1.0),
    "decode_attention_multiplier": ("decode_attention_multiplier", 1.0),
    "all_reduce_multiplier": ("all_reduce_multiplier", 1.0),
    "all_reduce_extra_us": ("all_reduce_extra_s", _US),
    "moe_multiplier": ("moe_multiplier", 1.0),
    "expert_coverage": ("expert_coverage", 1.0),
}
"""Key in an engine file -> field of ``EngineProfile`` and the field's unit (s, or 1) per unit of the key."""


def with_terms(profile: EngineProfile, terms: Mapping[str, float]) -> EngineProfile:
    """The profile with some of its fields (s, factors) changed."""
    fields: dict[str, Any] = dict(terms)
    return replace(profile, **fields)
