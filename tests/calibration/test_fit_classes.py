"""Fits recover constants from tables made of them, hold out whole families, and fade where nothing was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibration.fit import FormFit, KernelClass, LayeredModel, ResidualFit, fit_class, kernel_classes
from calibration.fit.form_fit import numeric_fields, usual_constants
from calibration.fit.held_out import FOLDS, folds
from calibration.fit.scores import band_of, band_score
from calibration.schema import COLUMNS
from simulator.cost.kernels import gemm_seconds, quantise_seconds
from simulator.hardware.catalog import load_hardware

DEVICE = load_hardware("h100")


def class_of(key: str, dtype: str | None) -> KernelClass:
    return next(spec for spec in kernel_classes() if (spec.key, spec.dtype) == (key, dtype))


def multiplies(dtype: str = "bf16", pairs: int = 24) -> pd.DataFrame:
    """A small table of shapes, times still missing."""
    widths = [512, 1024, 2048, 3072, 4096, 6144, 8192, 14336]
    shapes = [(n, k) for n in widths for k in widths][:: 64 // pairs][:pairs]
    rows = [(m, n, k) for n, k in shapes for m in (1, 16, 64, 128, 129, 256, 257, 512, 1024, 1025, 4096, 8192)]
    table = pd.DataFrame(rows, columns=["m", "n", "k"]).astype(float)
    return table.assign(op="gemm", dtype=dtype, source="made", kernel="made", time_us=1.0)


def timed(spec: KernelClass, table: pd.DataFrame, constants: object, factor: np.ndarray | float = 1.0) -> pd.DataFrame:
    return table.assign(time_us=spec.total(constants, DEVICE, table) * 1e6 * factor)


def test_constants_come_back_from_a_table_made_of_them() -> None:
    spec = class_of("gemm", "bf16")
    truth = replace(usual_constants(spec), math_share=0.72, memory_share=0.61, latency_us=6.0, wave_exponent=0.9)
    rows = timed(spec, multiplies(), truth)
    fit = FormFit(spec, DEVICE).fit(rows)
    error = np.abs(fit.predict(rows) * 1e6 / rows["time_us"] - 1)
    assert np.median(error) < 0.01  # waves make the objective stepwise: split-k and wave weight trade off
    assert np.quantile(error, 0.9) < 0.04
    assert fit.constants_.latency_us == pytest.approx(6.0, rel=0.05)
    assert fit.constants_.math_share == pytest.approx(0.72, rel=0.1)


def test_quantisation_is_told_from_the_multiply() -> None:
    """Rows that hold both kernels give back each of them, so that an engine can leave one out."""
    spec = class_of("gemm", "fp8")
    truth = replace(usual_constants(spec), quantise_row_ns=3.0, quantise_passes=2.0, tiles="cutlass-sm90")
    rows = timed(spec, multiplies("fp8"), truth)
    found = FormFit(spec, DEVICE).fit(rows).constants_
    m, k = 8192.0, 8192.0
    assert quantise_seconds(found, DEVICE, m, k) == pytest.approx(quantise_seconds(truth, DEVICE, m, k), rel=0.1)
    shape = {"math_dtype": "fp8", "bytes_per_weight": 1.0, "bytes_per_activation": 1.0}
    alone = [gemm_seconds(fit, DEVICE, m, 8192.0, k, **shape) for fit in (found, truth)]
    assert alone[0] == pytest.approx(alone[1], rel=0.1)


def test_few_rows_stay_near_the_usual_constants() -> None:
    spec = class_of("gemm", "bf16")
    truth = replace(usual_constants(spec), throttle_share=1.9, edge_rows=150.0)
    few = timed(spec, multiplies(pairs=4), truth).iloc[:40:4]
    shrunk = FormFit(spec, DEVICE).fit(few).constants_
    usual = usual_constants(spec)
    apart = [abs(np.log(getattr(shrunk, name) / getattr(usual, name))) for name in numeric_fields(spec.kind)[:11]]
    assert max(apart) < 2.0
    assert np.median(apart) < 0.5


def test_folds_keep_families_together() -> None:
    rows = multiplies()
    fold_of = pd.Series(folds(rows, ("n", "k")))
    assert fold_of.groupby([rows["n"], rows["k"]]).nunique().max() == 1
    assert set(fold_of) == set(range(FOLDS))


def test_the_correction_learns_what_the_form_cannot_and_states_its_own_error() -> None:
    spec = replace(class_of("gemm", "bf16"), centres=120)
    table = multiplies(pairs=40)
    wavy = np.exp(0.15 * np.sin(np.log2(table["m"]) + np.log2(table["k"])))
    rows = timed(spec, table, usual_constants(spec), wavy)
    result = fit_class(spec, DEVICE, rows)
    assert result is not None
    assert result.residual is not None
    assert len(result.residual.weights) <= 120
    assert result.layers["L2"].errors.median < 0.5 * result.layers["L1"].errors.median
    assert result.median_error == result.layers["L1"].errors.median


def test_a_correction_that_does_not_help_is_not_kept() -> None:
    """Noise that depends on the family alone cannot be learnt from other families."""
    spec = class_of("gemm", "bf16")
    table = multiplies(pairs=8)
    family = table.groupby(["n", "k"]).ngroup()
    noise = np.exp(np.random.default_rng(3).normal(0, 0.3, family.max() + 1))[family]
    result = fit_class(spec, DEVICE, timed(spec, table, usual_constants(spec), noise))
    assert result is not None
    if "L2" in result.log_ratios:
        assert np.abs(result.log_ratios["L2"]).mean() < np.abs(result.log_ratios["L1"]).mean()
    else:
        assert result.residual is None


def test_the_correction_fades_far_from_every_centre() -> None:
    shapes = np.random.default_rng(0).uniform(8, 12, (200, 2))
    fit = ResidualFit((2.0, 2.0), centres=50).fit(shapes, np.full(200, 0.2))
    assert fit.predict(np.array([[10.0, 10.0]]))[0] == pytest.approx(0.2, abs=0.03)
    assert abs(fit.predict(np.array([[40.0, 10.0]]))[0]) < 1e-3


def test_exact_rows_come_first_and_only_when_asked() -> None:
    spec = class_of("gemm", "bf16")
    rows = timed(spec, multiplies(), usual_constants(spec), 1.0)
    rows.loc[rows.index[5], "time_us"] *= 3
    model = LayeredModel(spec, DEVICE).fit(rows)
    assert model.predict(rows)[5] == pytest.approx(rows["time_us"].iloc[5] * 1e-6)
    assert model.predict(rows, exact=False)[5] < 0.6 * rows["time_us"].iloc[5] * 1e-6


def test_bands_cover_what_they_say_and_no_row_sees_its_own_fold() -> None:
    ratios = np.random.default_rng(1).normal(0, 0.1, 4000)
    fold_of = np.arange(4000) % 4
    score = band_score(ratios, fold_of)
    assert score.coverage == pytest.approx(0.8, abs=0.03)
    assert band_of(ratios).low == pytest.approx(np.exp(-0.128), abs=0.01)
    shifted = ratios + np.where(fold_of == 0, 1.0, 0.0)
    assert band_score(shifted, fold_of).coverage < 0.75
    assert band_score(shifted, fold_of).interval_score > 2 * score.interval_score


def test_no_rows_no_fit() -> None:
    table = multiplies().reindex(columns=list(COLUMNS))
    assert fit_class(class_of("moe", "bf16"), DEVICE, table) is None
