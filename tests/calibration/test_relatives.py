"""Few rows learn from other devices' full tables: constants near theirs, corrections made of theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from calibration.fit import KernelClass, LayeredModel, ResidualFit, kernel_classes
from calibration.fit.borrowed_residual import BorrowedResidualFit
from calibration.fit.form_fit import usual_constants
from calibration.fit.layered import LEARNS_BELOW
from calibration.fit.prior import pooled_prior, usual_prior
from calibration.fit.relatives import Relative, generation_of, shipped_relatives, weights
from calibration.fit.spread import spread_rows
from simulator.hardware.catalog import load_hardware
from simulator.hardware.residuals import Residual

L40S = load_hardware("l40s")
SCALES = (2.0, 2.0, 2.0)


def gemm() -> KernelClass:
    return next(spec for spec in kernel_classes() if (spec.key, spec.dtype) == ("gemm", "bf16"))


def multiplies(widths: tuple[float, ...]) -> pd.DataFrame:
    shapes = [(m, n, k) for n in widths for k in widths for m in (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0)]
    rows = pd.DataFrame(shapes, columns=["m", "n", "k"])
    return rows.assign(op="gemm", dtype="bf16", source="made", kernel="made", time_us=1.0)


def common(log2_shapes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What the closed form gets wrong on every made-up device."""
    return np.asarray(0.25 * np.sin(log2_shapes[:, 0]) * np.cos(0.7 * log2_shapes[:, 1]))


def lent() -> Residual:
    points = gemm().log2_shapes(multiplies((512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0)))
    return ResidualFit(SCALES, centres=250, ridge=0.01).fit(points, common(points)).residual_


def family(residual: Residual | None) -> list[Relative]:
    """Three generations that agree on what is unusual of them all: slow steps, dear splits, little bandwidth."""
    usual = usual_constants(gemm())
    made = [
        replace(usual, step_ns=300 * f, split_us=9 * f, memory_share=0.6, half_depth=400 * f) for f in (0.9, 1.0, 1.1)
    ]
    return [Relative(f"made-{i}", f"generation-{i}", constants, residual) for i, constants in enumerate(made)]


def error(model: LayeredModel, rows: pd.DataFrame) -> float:
    return float(np.median(np.abs(model.predict(rows, exact=False) * 1e6 / rows["time_us"] - 1)))


def test_few_rows_of_a_new_device_are_told_by_its_relatives_what_they_do_not_show() -> None:
    """Truth is near the relatives, not at one of them; shapes scored were seen by nobody."""
    spec = gemm()
    truth = replace(usual_constants(spec), step_ns=280.0, split_us=10.0, memory_share=0.62, half_depth=420.0)

    def timed(rows: pd.DataFrame) -> pd.DataFrame:
        factor = np.exp(0.8 * common(spec.log2_shapes(rows)))
        return rows.assign(time_us=spec.total(truth, L40S, rows) * 1e6 * factor)

    few = spread_rows(spec, timed(multiplies((512.0, 2048.0, 8192.0))), 64)
    unseen = timed(multiplies((768.0, 3072.0, 6144.0, 12288.0)))
    taught = LayeredModel(spec, L40S, family(lent())).fit(few)
    alone = LayeredModel(spec, L40S).fit(few)
    assert error(taught, unseen) < 0.75 * error(alone, unseen)


def test_a_full_table_speaks_alone() -> None:
    spec = gemm()
    rows = multiplies((512.0, 768.0, 1024.0, 2048.0, 3072.0, 4096.0, 8192.0, 16384.0))
    assert len(rows) >= LEARNS_BELOW
    rows["time_us"] = spec.total(usual_constants(spec), L40S, rows) * 1e6
    taught, alone = (LayeredModel(spec, L40S, relatives).fit(rows) for relatives in (family(lent()), []))
    assert taught.form_.constants_ == alone.form_.constants_


def test_a_correction_that_does_not_hold_here_stays_out() -> None:
    """Rows that follow the form exactly reject what relatives lend; rows that follow the correction take it up."""
    points = gemm().log2_shapes(multiplies((512.0, 2048.0, 8192.0)))
    elsewhere = gemm().log2_shapes(multiplies((1024.0, 4096.0, 16384.0)))
    fit = BorrowedResidualFit(family(lent()), SCALES)
    kept_out = fit.fit(points, np.zeros(len(points))).predict(elsewhere)
    taken = fit.fit(points, common(points)).predict(elsewhere)
    assert np.abs(kept_out).max() < 0.01
    assert np.abs(taken - common(elsewhere)).mean() < 0.25 * np.abs(common(elsewhere)).mean()


def test_the_prior_lies_between_usual_values_and_relatives_and_is_wider_where_they_disagree() -> None:
    spec = gemm()
    usual, pooled = usual_prior(spec), pooled_prior(spec, family(None))
    at = {name: index for index, name in enumerate(spec.numbers)}
    assert usual.logs[at["step_ns"]] < pooled.logs[at["step_ns"]] < np.log(300)
    assert pooled.spreads[at["split_us"]] > pooled.spreads[at["memory_share"]] == pytest.approx(0.5)
    assert np.array_equal(pooled_prior(spec, []).logs, usual.logs)


def test_no_device_learns_from_itself_nor_a_stranger_from_its_generation() -> None:
    h200, spec = load_hardware("h200"), gemm()
    related = [one.device for one in shipped_relatives(spec, h200)]
    strangers = shipped_relatives(spec, h200, strangers=True)
    assert "H100-SXM5-80GB" in related
    assert h200.name not in related
    assert {one.generation for one in strangers} & {generation_of(h200)} == set()
    assert {"ampere", "ada", "blackwell"} <= {one.generation for one in strangers}
    assert weights(strangers).sum() == pytest.approx(1.0)
    alike = [w for w, one in zip(weights(strangers), strangers, strict=True) if one.generation == "ada"]
    assert sum(alike) == pytest.approx(1 / len({one.generation for one in strangers}))
