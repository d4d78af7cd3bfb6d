"""Layers whose weights and activations are both 4 bit: native multipliers where there are some, else 16-bit math."""

from __future__ import annotations

import pytest

from simulator.cost.deployment import Deployment, dtypes_for
from simulator.cost.step_cost import ReadableStepCost
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.models.catalog import load_model
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes

CHECKPOINT = "nvidia/Llama-3.3-70B-Instruct-FP4"


def prompt_seconds(dtypes: Dtypes) -> float:
    """A prompt of 4,096 tokens on B200."""
    deployment = Deployment.of(CHECKPOINT, "b200", dtypes=dtypes)
    features = StepFeatures(tokens=4096, sampled=1)
    features.add_chunk(4096, 0)
    return ReadableStepCost(deployment).seconds(features)


def test_a_device_with_four_bit_multipliers_uses_them() -> None:
    dtypes = dtypes_for(load_model(CHECKPOINT), load_hardware("b200"))
    assert (dtypes.weights, dtypes.activations) == ("nvfp4", "fp4")


def test_another_widens_the_weights() -> None:
    dtypes = dtypes_for(load_model(CHECKPOINT), load_hardware("h100"))
    assert (dtypes.weights, dtypes.activations) == ("nvfp4", "bf16")


def test_prompts_gain_most_of_the_four_bit_peak() -> None:
    wide = prompt_seconds(Dtypes.of("nvfp4", activations="bf16"))
    eight = prompt_seconds(Dtypes.of("fp8"))
    four = prompt_seconds(Dtypes.of("nvfp4", activations="nvfp4"))
    assert four < 0.8 * eight < 0.8 * wide
    assert four > wide / 4  # the ratio of the peaks


def test_asking_for_it_elsewhere_is_refused() -> None:
    with pytest.raises(InputError, match="has no fp4 math"):
        Deployment.of("llama-3.1-70b", "h100", dtypes=Dtypes.of("nvfp4", activations="fp4"))
