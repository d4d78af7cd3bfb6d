"""The closed form of routed experts: tiles by the library's rule, tuned shapes, and sense far from every table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from simulator.cost.expert_tiles import DEFAULT_TILES
from simulator.cost.experts_form import moe_seconds
from simulator.cost.tuned_experts import TUNED, is_tuned
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import fit_for, load_fits
from simulator.hardware.kernel_constants import MoEFit
from simulator.operators.layers import distinct_experts

MIXTURES = {
    "deepseek-v3": (7168, 2048, 256, 8),
    "gpt-oss-120b": (2880, 2880, 128, 4),
    "mixtral-8x7b": (4096, 14336, 8, 2),
    "llama-4-scout": (5120, 8192, 16, 1),
    "qwen3-235b": (4096, 1536, 128, 8),
}
"""Hidden and inner size, experts, experts per token."""


def constants(device: str, dtype: str = "bf16") -> MoEFit:
    return fit_for(load_fits(load_hardware(device)).moe, dtype).constants


def seconds(
    fit: MoEFit, device: str, tokens: object, shape: tuple[int, int, int, int], *, dtype: str = "bf16"
) -> npt.NDArray[np.float64]:
    hidden, inner, experts, chosen = shape
    found = moe_seconds(
        fit, load_hardware(device), tokens=tokens, hidden_size=hidden, intermediate_size=inner, num_matrices=3,
        num_experts=experts, experts_per_token=chosen, touched_experts=distinct_experts(experts, chosen, tokens),
        math_dtype=dtype, bytes_per_weight=2.0 if dtype == "bf16" else 1.0, bytes_per_activation=2.0,
    )  # fmt: skip
    return np.asarray(found)


def test_shapes_with_a_tuned_file_are_known_by_experts_and_width_alone() -> None:
    assert is_tuned("A100-SXM4-80GB", "bf16", 8, 7168)
    assert not is_tuned("A100-SXM4-80GB", "bf16", 8, 14336)
    assert not is_tuned("A100-SXM4-80GB", "fp8", 8, 7168)
    assert not is_tuned("MI300X", "bf16", 8, 7168)
    assert is_tuned("H100-SXM5-80GB", "bf16", np.array([8, 8, 128]), np.array([7168, 448, 192])).tolist() == [1, 0, 1]
    for device in TUNED:
        assert load_hardware(device).name == device


def test_without_a_tuned_file_old_versions_change_tiles_where_tokens_outnumber_experts() -> None:
    tile = DEFAULT_TILES["vllm-0.14"](np.array([128.0, 129.0]), 128)
    assert np.array(tile).T.tolist() == [[16, 32, 64], [64, 64, 32]]
    rows = DEFAULT_TILES["vllm-0.16"](np.array([32.0, 33.0, 97.0, 513.0]), 128).rows
    assert rows.tolist() == [16, 32, 64, 128]


def test_tuned_shapes_are_faster_than_their_neighbours_on_a100() -> None:
    """As timed: 16,384 tokens through 8 experts of 3,584 take less than through the untuned width next to it."""
    fit = constants("a100")
    tuned, untuned = (float(seconds(fit, "a100", 16384.0, (4096, inner, 8, 2))) for inner in (3584, 3600))
    assert tuned < 0.75 * untuned
    assert tuned == pytest.approx(16.99e-3, rel=0.1)  # timed: 16.99 ms


@pytest.mark.parametrize("device", ["a100", "h100", "h200", "l40s", "b200", "mi300x", "rtx-4090", "l4"])
@pytest.mark.parametrize("shape", MIXTURES.values(), ids=MIXTURES)
def test_time_grows_with_tokens_and_never_beats_the_hardware(device: str, shape: tuple[int, int, int, int]) -> None:
    hidden, inner, experts, chosen = shape
    tokens = 2.0 ** np.arange(0, 17)
    hardware = load_hardware(device)
    found = seconds(constants(device), device, tokens, shape)
    weights = 3.0 * hidden * inner
    least = 2.0 * weights * tokens * chosen / hardware.peak("bf16")
    read = 2.0 * weights * distinct_experts(experts, chosen, tokens) / hardware.memory_bytes_per_s
    assert np.all(found > 0.85 * np.maximum(least, read))
    assert np.all(found < 12 * (least + read) + 2e-3)
    assert np.all(found[1:] > 0.97 * found[:-1])  # stairs: a wider tile may be a little faster than the one before


def test_numbers_and_arrays_agree() -> None:
    fit, shape = constants("h100"), MIXTURES["qwen3-235b"]
    tokens = np.array([1.0, 63.0, 64.0, 65.0, 700.0])
    together = seconds(fit, "h100", tokens, shape)
    assert [float(seconds(fit, "h100", one, shape)) for one in tokens.tolist()] == pytest.approx(together, rel=1e-14)


def test_what_each_loss_is_about() -> None:
    fit = replace(
        constants("h100"), tiles="vllm-0.16", gather_loss=0.5, spill_loss=0.5, unaligned_loss=2.0, sort_us=9.0
    )

    def ratio(name: str, tokens: float, shape: tuple[int, int, int, int]) -> float:
        return float(seconds(fit, "h100", tokens, shape) / seconds(replace(fit, **{name: 0.0}), "h100", tokens, shape))

    assert ratio("unaligned_loss", 64.0, (4096, 1528, 128, 8)) > 1.3
    assert ratio("unaligned_loss", 64.0, (4096, 1536, 128, 8)) == 1.0
    assert ratio("gather_loss", 65536.0, (4096, 1600, 128, 8)) > 1.2
    assert ratio("gather_loss", 256.0, (4096, 1600, 128, 8)) < 1.02
    assert ratio("spill_loss", 256.0, (4096, 14336, 8, 2)) > 1.2  # an expert's weights exceed 50 MiB
    assert ratio("spill_loss", 16.0, (4096, 14336, 8, 2)) == 1.0  # up to 8 rows are one tile
    assert ratio("sort_us", 1.0, (4096, 1536, 128, 8)) == 1.0  # 8 rows for 128 experts are not sorted
    assert ratio("sort_us", 16.0, (4096, 1536, 128, 8)) > 1.0
