"""Latent attention in seconds: what bounds it, whose constants speak, and what a device without any falls back to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.latent_form import LatentDecodeForm, latent_math
from simulator.cost.step_cost import OperatorTime, ReadableStepCost
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits
from simulator.operators.features import StepFeatures

H200 = load_hardware("h200")
FIT = load_fits(H200).latent_decode["bf16"].constants
LONG = 64 * 65536.0
"""KV tokens of a call whose start-up no longer matters."""


def form(heads: int) -> LatentDecodeForm:
    return LatentDecodeForm(
        FIT, H200, heads=heads, latent_dim=512, rope_dim=64, bytes_per_kv=2.0, math_flops=latent_math(H200, "bf16")
    )


def operators(deployment: Deployment, features: StepFeatures) -> dict[str, OperatorTime]:
    return {row.name: row for row in ReadableStepCost(deployment).breakdown(features)}


def decode(batch: int, context: int) -> StepFeatures:
    return StepFeatures(tokens=batch, sampled=batch, decode_seqs=batch, decode_queries=batch, decode_kv=batch * context)


def test_heads_share_the_latent_until_math_takes_over() -> None:
    """Bytes bound 1 to 16 heads alike; 128 heads take their FLOPs, near the reachable peak (FlashMLA on Hopper)."""
    seconds = {heads: float(form(heads).seconds(64, 64, LONG)) for heads in (1, 16, 64, 128)}
    assert seconds[16] == pytest.approx(seconds[1], rel=0.02)
    bandwidth = LONG * 576 * 2 / seconds[16] / H200.memory_bytes_per_s
    assert 0.85 < bandwidth < 0.95
    rate = LONG * 128 * 2 * (2 * 512 + 64) / seconds[128]
    assert 0.55 < rate / H200.peak("bf16") < 0.7


def test_a_lone_long_context_is_split_over_the_device() -> None:
    """One sequence of 128k tokens must not take what one multiprocessor would: 151 MB over 1/132 of the bandwidth."""
    lone = float(form(16).seconds(1, 1, 131072.0))
    assert lone < 0.05 * 131072 * 576 * 2 / (H200.memory_bytes_per_s / H200.multiprocessors)


def test_more_context_never_takes_less() -> None:
    contexts = np.arange(1.0, 4097.0)
    for sequences in (1.0, 7.0, 200.0):
        assert np.all(np.diff(form(32).seconds(sequences, sequences, sequences * contexts)) >= 0)


@pytest.mark.parametrize("name", ["h100", "h200", "b200", "l40s", "rtx-pro-6000"])
def test_timed_devices_speak_for_themselves(name: str) -> None:
    """Far from what a large last-level cache would keep of the latents: such rows are not fitted."""
    deployment = Deployment.of("DeepSeek-V2-Lite", name)
    step = decode(128, 8000)
    step.tokens += 512
    step.add_chunk(512, 0)
    found = operators(deployment, step)
    classes = {
        "decode_attention": "latent_decode", "prefill_attention": "latent_prefill", "k_up_absorbed": "absorbed_matmul",
        "v_up_absorbed": "absorbed_matmul",
    }  # fmt: skip
    for operator, kernel_class in classes.items():
        row = found[operator]
        assert (row.kernel_class, row.provenance, row.layer) == (kernel_class, "fitted", "L2"), operator


def test_a_card_of_ampere_borrows_triton_decode_and_keeps_its_own_prefill() -> None:
    fits = load_fits(load_hardware("a100"))
    assert fits.latent_prefill["bf16"].origin.provenance == "fitted"
    borrowed = fits.latent_decode["bf16"].origin
    assert borrowed.provenance == "transferred"
    assert "taken from L40S" in borrowed.source
    assert borrowed.median_error > 2 * load_fits(load_hardware("l40s")).latent_decode["bf16"].origin.median_error


def test_without_constants_ordinary_attention_serves_and_says_so() -> None:
    whole = Deployment.of("DeepSeek-V2-Lite", "h100")
    bare = replace(
        whole, fits=replace(whole.fits, latent_decode={}, latent_prefill={}, absorbed_matmul={}, residuals={})
    )
    step = decode(16, 2000)
    step.tokens += 512
    step.add_chunk(512, 0)
    timed, found = operators(whole, step), operators(bare, step)
    for name in ("decode_attention", "prefill_attention", "k_up_absorbed", "v_up_absorbed"):
        assert found[name].provenance == "transferred"
        assert found[name].origin.p90_error > timed[name].origin.p90_error
        assert found[name].seconds == pytest.approx(timed[name].seconds, rel=0.75)


def test_a_device_without_a_file_of_its_own_gets_them_from_its_stand_in() -> None:
    fits = load_fits(load_hardware("l4"))
    assert fits.latent_decode["bf16"].origin.provenance == "transferred"
    assert fits.weight_only_moe["mxfp4"].origin.provenance == "transferred"
