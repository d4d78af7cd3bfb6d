"""What is fitted of an engine profile, and what is known of it beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.cost.engine_profile import EngineProfile
from simulator.validation.engine_terms import ENGINE_TERMS, with_terms

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """One term. ``key``: its name in the engine file, whose unit ``prior`` (expected value), ``sigma`` (standard
    deviation of the prior), ``step`` (finite difference; negative: downwards) and ``most`` (largest value) have."""

    key: str
    prior: float
    sigma: float
    step: float
    most: float = float("inf")


PARAMETERS: tuple[Parameter, ...] = (
    Parameter("api_delivery_ms", 7.5, 0.5, 0.3),
    Parameter("per_step_us", 300, 130, 60),
    Parameter("per_layer_us", 5, 4, 1),
    Parameter("per_layer_prefill_us", 5, 6, 3),
    Parameter("per_admitted_us", 300, 200, 100),
    Parameter("sampler_step_us", 250, 120, 60),
    Parameter("sampler_row_us_per_100k", 14, 4, 2),
    Parameter("gemm_multiplier", 1.0, 0.03, 0.01),
    Parameter("decode_attention_multiplier", 1.0, 0.03, 0.02),
    Parameter("decode_overlap", 1.0, 0.3, -0.2, most=1.0),
    Parameter("all_reduce_multiplier", 1.05, 0.05, 0.03),
    Parameter("all_reduce_extra_us", 4, 2, 1),
    Parameter("moe_multiplier", 1.0, 0.03, 0.01),
)
"""Priors of this project's study of measured vLLM runs (2026): interchangeable constants stay near them unless the runs
tell them apart. Steps are about half a sigma, so that a difference stands above the queue's own jumps."""


def vector_of(profile: EngineProfile) -> Vector:
    """The fitted terms of a profile, in ``PARAMETERS``' order and units."""
    values = []
    for parameter in PARAMETERS:
        field, unit = ENGINE_TERMS[parameter.key]
        values.append(getattr(profile, field) / unit)
    return np.array(values)


def with_vector(profile: EngineProfile, values: Sequence[float] | Vector) -> EngineProfile:
    """The profile with these terms instead of its own."""
    return with_terms(profile, _fields(values))


def named(values: Sequence[float] | Vector) -> Mapping[str, float]:
    """Key in the engine file -> value."""
    return {parameter.key: float(value) for parameter, value in zip(PARAMETERS, values, strict=True)}


def _fields(values: Sequence[float] | Vector) -> dict[str, float]:
    fields = {}
    for key, value in named(values).items():
        field, unit = ENGINE_TERMS[key]
        fields[field] = value * unit
    return fields


def priors() -> tuple[Vector, Vector]:
    """Expected values and standard deviations."""
    return (
        np.array([parameter.prior for parameter in PARAMETERS], dtype=np.float64),
        np.array([parameter.sigma for parameter in PARAMETERS], dtype=np.float64),
    )


def largest() -> Vector:
    """Largest values of the terms; infinite where there is none."""
    return np.array([parameter.most for parameter in PARAMETERS], dtype=np.float64)
