"""Latent attention and weight-only formats as kernel classes: fitted, gated, kept when a file is written anew."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from calibration.fit import KernelClass, fit_class
from calibration.fit.classes import latent_and_narrow_classes
from calibration.fit.device import as_fitted
from calibration.fit.files import LATENT_AND_NARROW, device_fit
from calibration.fit.form_fit import usual_constants
from calibration.fit.unsplit_latents import drop_unsplit_latents
from calibration.hygiene import clean
from calibration.schema import COLUMNS
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits

H200 = load_hardware("h200")
CLASSES = {(spec.key, spec.dtype): spec for spec in latent_and_narrow_classes()}
HEADS = (1, 2, 4, 8, 16, 32, 64, 128)


def table(op: str, **columns: object) -> pd.DataFrame:
    rows = pd.DataFrame(columns).assign(op=op, device=H200.name, source="made", kernel="made", time_us=1.0)
    return rows.reindex(columns=list(COLUMNS))


def grid(**axes: tuple[float, ...]) -> dict[str, list[float]]:
    return dict(zip(axes, map(list, zip(*product(*axes.values()), strict=True)), strict=True))


def decode_rows(kernel: str = "made") -> pd.DataFrame:
    shapes = grid(batch=(1, 8, 64, 256), kv_len=(16, 1024, 8192, 65536), heads=HEADS)
    return table("mla_decode", **shapes, q_len=1, dtype="bf16", kv_dtype="bf16").assign(kernel=kernel)


def made(spec: KernelClass, rows: pd.DataFrame) -> pd.DataFrame:
    """Times a fifth above the usual ones, with 1 % noise."""
    rows = as_fitted(rows)
    noise = np.exp(np.random.default_rng(0).normal(0, 0.01, len(rows)))
    return rows.assign(time_us=spec.total(usual_constants(spec), H200, rows) * 1.2e6 * noise)


ROWS = {
    ("latent_decode", "bf16"): decode_rows(),
    ("latent_prefill", "bf16"): table(
        "mla_prefill", **grid(batch=(1, 8), q_len=(128, 1024, 8192), heads=HEADS), dtype="bf16", kv_dtype="bf16"
    ).assign(kv_len=lambda rows: rows["q_len"]),
    ("absorbed_matmul", "bf16"): table(
        "mla_bmm", **grid(m=(1, 32, 512, 4096), n=(128, 512), heads=HEADS), dtype="bf16"
    ).assign(k=lambda rows: 640 - rows["n"]),
    ("weight_only_gemm", "int4"): table(
        "gemm", **grid(m=(1, 16, 64, 512, 4096), n=(2048, 4096, 8192), k=(2048, 4096, 8192)), dtype="int4_wo"
    ),
    ("weight_only_moe", "mxfp4"): table(
        "moe", **grid(m=(1, 16, 256, 4096), moe_tp=(1, 2, 4, 8), experts=(32, 128)), dtype="w4a16_mxfp4", topk=4,
        n=2880, k=2880, distribution="balanced",
    ),
}  # fmt: skip


@pytest.mark.parametrize("key", ROWS, ids=" ".join)
def test_a_class_is_fitted_and_scored_on_families_held_out(key: tuple[str, str]) -> None:
    spec = CLASSES[key]
    rows = made(spec, ROWS[key])
    result = fit_class(spec, H200, rows)
    assert result is not None
    assert result.rows == len(rows)
    assert result.layers["L0"].errors.median == pytest.approx(1 - 1 / 1.2, abs=0.02)
    assert result.layers["L1"].errors.median < 0.03
    assert result.layers["L1"].errors.p90 < 0.1


def test_rows_faster_than_physics_are_dropped() -> None:
    rows = decode_rows().query("kv_len >= 1024").assign(time_us=1e-3)
    kept, dropped = clean(rows, H200)
    assert kept.empty
    assert "faster than the device can compute or move its operands" in {part.reason for part in dropped}


def test_kernels_that_leave_the_device_idle_on_long_contexts_are_dropped_by_name() -> None:
    spec = CLASSES["latent_decode", "bf16"]
    healthy = made(spec, decode_rows("split"))
    walked = healthy.assign(kernel="unsplit", time_us=healthy["time_us"] + 0.03 * healthy["kv_len"])
    kept, dropped = drop_unsplit_latents(pd.concat([healthy, walked], ignore_index=True), H200)
    assert set(kept["kernel"]) == {"split"}
    assert [part.count for part in dropped] == [len(walked)]
    short = walked[walked["kv_len"] < 32768]  # nothing can be told without long contexts
    assert len(drop_unsplit_latents(short, H200)[0]) == len(short)


def test_experts_of_a_broken_build_are_left_out_and_the_engine_preferred() -> None:
    spec = CLASSES["weight_only_moe", "mxfp4"]
    rows = made(spec, ROWS["weight_only_moe", "mxfp4"])
    engine, other = rows.assign(source="vllm-1", kernel="own"), rows.assign(source="sglang-1", kernel="other")
    assert set(spec.rows(pd.concat([other, engine]), H200)["kernel"]) == {"own"}
    broken = engine.assign(time_us=engine["time_us"] * 4)
    assert set(spec.rows(pd.concat([other, broken]), H200)["kernel"]) == {"other"}


def test_a_file_written_anew_keeps_what_was_fitted_elsewhere() -> None:
    """Constants, errors and corrections, unless the rows hold the class."""
    known = load_fits(H200)
    fit = device_fit(H200, {}, "")
    for part in LATENT_AND_NARROW:
        for dtype, fitted in getattr(known, part).items():
            assert fit.fitted[part, dtype] == fitted
    kept = {part for part, _ in fit.residuals}
    assert {"latent_decode", "latent_prefill", "absorbed_matmul"} <= kept
    assert "gemm" not in kept
