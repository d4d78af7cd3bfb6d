"""Which constants time a multiply by 4- and 8-bit weights, and what that does to a step."""

from __future__ import annotations

import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import OperatorTime, ReadableStepCost
from simulator.cost.weight_formats import gemm_timing, moe_timing, weight_only_format
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes
from simulator.operators.work import Experts, Gemm

A100, H100 = load_fits(load_hardware("a100")), load_fits(load_hardware("h100"))


def gemm(weights: str, width: float, math: str = "bf16") -> Gemm:
    return Gemm(16, 4096, 4096, math, width, 2.0, weights=weights)


def experts(weights: str, width: float, math: str = "bf16") -> Experts:
    return Experts(16, 2048, 768, 3, 128, 8, 80.0, math, width, 2.0, weights)


@pytest.mark.parametrize(
    ("weights", "width", "math", "wanted"),
    [
        ("bf16", 2.0, "bf16", None),
        ("int4_g128_zp4", 0.52, "bf16", "int4"),
        ("int3_g128", 0.39, "fp16", "int4"),
        ("mxfp4", 0.53, "bf16", "mxfp4"),
        ("nvfp4", 0.56, "bf16", "mxfp4"),
        ("fp8_b128", 1.0, "bf16", "int8"),
        ("int8", 1.0, "bf16", "int8"),
        ("nvfp4", 0.56, "fp8", None),
        ("fp8", 1.0, "fp8", None),
    ],
)
def test_formats_by_the_kernels_that_widen_them(weights: str, width: float, math: str, wanted: str | None) -> None:
    assert weight_only_format(gemm(weights, width, math)) == wanted


def test_own_constants_then_those_of_the_same_width_then_sixteen_bit() -> None:
    found = gemm_timing(gemm("int4_g128", 0.516), A100)
    assert (found.kernel_class, found.dtype, found.own) == ("weight_only_gemm", "int4", True)
    assert found.fitted.origin.provenance == "fitted"

    similar = moe_timing(experts("mxfp4", 0.53), A100)  # A100's mxfp4 experts were not timed, its int4 ones were
    assert (similar.kernel_class, similar.dtype, similar.own) == ("weight_only_moe", "int4", False)
    assert similar.fitted.origin.provenance == "transferred"

    wide = moe_timing(experts("int8", 1.0), A100)
    assert (wide.kernel_class, wide.dtype, wide.own) == ("moe", "bf16", False)
    assert wide.fitted.constants == A100.moe["bf16"].constants
    assert wide.fitted.origin.median_error > A100.moe["bf16"].origin.median_error


def test_block_scaled_fp8_has_its_own_constants() -> None:
    """DeepSeek's checkpoints: DeepGEMM or CUTLASS block kernels, not those of per-tensor scales."""
    assert gemm_timing(gemm("fp8_b128", 1.0, "fp8"), H100).fitted is H100.gemm["fp8_block"]
    assert moe_timing(experts("fp8_b128", 1.0, "fp8"), H100).fitted is H100.moe["fp8_block"]
    assert gemm_timing(gemm("fp8", 1.0, "fp8"), H100).fitted is H100.gemm["fp8"]


def operators(deployment: Deployment, batch: int) -> dict[str, OperatorTime]:
    features = StepFeatures(tokens=batch, sampled=batch, decode_seqs=batch, decode_queries=batch, decode_kv=batch * 512)
    return {row.name: row for row in ReadableStepCost(deployment).breakdown(features)}


def test_four_bits_are_faster_for_few_tokens_and_not_for_many() -> None:
    """A100's timed kernels: a quarter of the bytes while weights are read, nothing won once math bounds."""
    narrow = Deployment.of("Llama-3.1-8B", "a100", dtypes=Dtypes.of("int4"))
    wide = Deployment.of("Llama-3.1-8B", "a100")
    few, many = (
        (operators(narrow, batch)["gate_up"].seconds, operators(wide, batch)["gate_up"].seconds) for batch in (1, 1024)
    )
    assert 0.25 < few[0] / few[1] < 0.5
    assert 1.0 <= many[0] / many[1] < 1.3


def test_four_bit_experts_say_where_their_constants_are_from() -> None:
    row = operators(Deployment.of("gpt-oss-20b", "h100"), 8)["experts"]
    assert (row.kernel_class, row.provenance) == ("weight_only_moe", "fitted")
    assert "gptossmxfp4" in row.origin.source


def test_measured_rows_of_sixteen_bit_weights_do_not_speak_for_narrow_ones() -> None:
    from simulator.cost.exact_times import with_exact
    from simulator.hardware.exact_rows import ExactRows

    rows = ExactRows(gemm={("bf16", 4096, 4096): {(16,): 1e-6}}, prefill={}, decode={}, spread=0.01)
    assert float(with_exact(gemm("bf16", 2.0), 5e-6, rows)) == 1e-6
    assert float(with_exact(gemm("int4_g128", 0.516), 5e-6, rows)) == 5e-6
