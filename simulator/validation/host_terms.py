"""With which host terms a case is simulated: those of its engine profile, none at all, or held-out ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.cost.engine_profile import EngineProfile
from simulator.validation.case import Case
from simulator.validation.engine_terms import with_terms
from simulator.validation.held_out import held_out_constants

HostTerms = Callable[[Case, EngineProfile], EngineProfile]


def fitted(case: Case, profile: EngineProfile) -> EngineProfile:
    """The profile as it is shipped: in-sample for the groups it was fitted to."""
    return profile


def zero(case: Case, profile: EngineProfile) -> EngineProfile:
    """Kernels alone: no host time, no API constant, every multiplier 1.

    What the engine *does* stays: its scheduling lag, captured graph sizes and memory reserve.
    """
    return replace(
        profile,
        api_delivery_s=0.0,
        per_step_s=0.0,
        per_layer_s=0.0,
        per_layer_prefill_s=0.0,
        per_admitted_s=0.0,
        per_sequence_s=0.0,
        layer_floor_s=0.0,
        sampler_step_s=0.0,
        sampler_row_s_per_word=0.0,
        gemm_multiplier=1.0,
        prefill_attention_multiplier=1.0,
        decode_attention_multiplier=1.0,
        decode_overlap=0.0,
        all_reduce_multiplier=1.0,
        all_reduce_extra_s=0.0,
        moe_multiplier=1.0,
        expert_coverage=1.0,
        bounds=(),
    )


def held_out(case: Case, profile: EngineProfile) -> EngineProfile:
    """Constants fitted without any run of the case's model; the shipped ones for cases that no fit has seen."""
    return with_terms(profile, held_out_constants(profile.name).of(case.group, case.model))


HOST_TERMS: dict[str, HostTerms] = {"fitted": fitted, "zero": zero, "held-out": held_out}
"""Names ``--host-terms`` takes."""
