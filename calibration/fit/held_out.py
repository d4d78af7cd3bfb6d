"""Fit a kernel class and say how wrong it is on whole shape families held out of the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.fit.form_fit import FormFit, usual_constants
from calibration.fit.kernel_class import Floats, KernelClass
from calibration.fit.layered import LayeredModel
from calibration.fit.relatives import Relative
from calibration.fit.scores import Band, BandScore, Errors, band_of, band_score, errors
from calibration.fit.spread import spread_rows
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.residuals import Residual

FOLDS = 4
MOST_ROWS = 12000


@dataclass(frozen=True)
class Layer:
    """One layer's errors, band and band score on held-out rows."""

    errors: Errors
    band: Band
    score: BandScore


@dataclass(frozen=True)
class Result:
    """What a fits file says of one class: constants and correction from all rows, scores from held-out ones.

    ``layers``: ``L0``, ``L1``, ``L2`` (closed form and correction) -> scores. ``measured_us`` and ``log_ratios`` (log
    of measured / predicted per layer): the held-out rows behind them.
    """

    constants: Any
    source: str
    rows: int
    layers: dict[str, Layer]
    residual: Residual | None
    measured_us: Floats
    log_ratios: dict[str, Floats]

    @property
    def median_error(self) -> float:
        """Of the closed form alone."""
        return self.layers["L1"].errors.median

    @property
    def p90_error(self) -> float:
        """Of the closed form alone."""
        return self.layers["L1"].errors.p90


def fit_class(
    spec: KernelClass, device: HardwareProfile, table: pd.DataFrame, *, points: int | None = None,
    relatives: Sequence[Relative] = (),
) -> Result | None:  # fmt: skip
    """Fit one class to its rows of a table; None when they are of fewer than two families: nothing can be held out.

    ``points``: learn from so many rows only (spread over the shapes of the training folds), test on all held-out ones.
    ``relatives``: other devices that few rows learn from (``LayeredModel``).
    """
    rows = spec.rows(table, device)
    if families(spec, rows) < 2:
        return None
    sample = rows.sample(min(MOST_ROWS, len(rows)), random_state=0)
    fold_of = folds(sample, spec.held_out)
    ratios = held_out_ratios(spec, device, sample, fold_of, points=points, relatives=relatives)
    final = LayeredModel(spec, device, relatives).fit(_some(spec, sample, points))
    if "L2" in ratios and not _helps(ratios):
        del ratios["L2"]
        final.residual_ = None
    layers = {name: _layer(values, fold_of) for name, values in ratios.items()}
    measured_us = sample["time_us"].to_numpy(dtype=np.float64)
    return Result(
        final.form_.constants_, _source(sample), len(sample), layers, final.residual_, measured_us, ratios
    )  # fmt: skip


def held_out_ratios(
    spec: KernelClass, device: HardwareProfile, rows: pd.DataFrame, fold_of: npt.NDArray[np.int64], *,
    points: int | None = None, relatives: Sequence[Relative] = (),
) -> dict[str, Floats]:  # fmt: skip
    """``log(measured / predicted)`` per row and layer, every row predicted from the other folds."""
    measured = np.log(rows["time_us"].to_numpy(dtype=np.float64) * 1e-6)
    usual = usual_constants(spec)
    ratios = {"L0": measured - np.log(spec.total(usual, device, rows))}
    corrected = LayeredModel.corrects(spec, len(rows) if points is None else points)
    for name in ("L1", "L2") if corrected else ("L1",):
        ratios[name] = np.zeros(len(rows))
    for fold in range(int(fold_of.max()) + 1):
        held = fold_of == fold
        model = LayeredModel(spec, device, relatives).fit(_some(spec, rows[~held], points))
        ratios["L1"][held] = measured[held] - np.log(model.form_.predict(rows[held]))
        if corrected:
            ratios["L2"][held] = measured[held] - np.log(model.predict(rows[held], exact=False))
    return ratios


def families(spec: KernelClass, rows: pd.DataFrame) -> int:
    """How many shape families the rows of a class are of; a family is held out as a whole."""
    return int(rows.groupby(list(spec.held_out), dropna=False).ngroups) if len(rows) else 0


def folds(rows: pd.DataFrame, columns: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Fold of each row; rows alike in ``columns`` share one."""
    groups = rows.groupby(list(columns), dropna=False).ngroup().to_numpy()
    order = np.random.default_rng(0).permutation(groups.max() + 1)
    fold_of: npt.NDArray[np.int64] = order[groups] % FOLDS
    return fold_of


def solve(spec: KernelClass, device: HardwareProfile, rows: pd.DataFrame) -> Any:
    """Constants of the closed form alone."""
    return FormFit(spec, device).fit(rows).constants_


def _helps(ratios: dict[str, Floats]) -> bool:
    """Whether the correction is better than the form alone on shapes held out; few families may teach it too little."""
    form, corrected = (np.minimum(np.abs(ratios[name]), 1).mean() for name in ("L1", "L2"))
    return bool(corrected < form)


def _some(spec: KernelClass, rows: pd.DataFrame, points: int | None) -> pd.DataFrame:
    return rows if points is None else spread_rows(spec, rows, points)


def _layer(log_ratios: Floats, fold_of: npt.NDArray[np.int64]) -> Layer:
    return Layer(errors(log_ratios), band_of(log_ratios), band_score(log_ratios, fold_of))


def _source(rows: pd.DataFrame) -> str:
    return ", ".join(sorted(set(rows["source"].fillna("") + " " + rows["kernel"].fillna(""))))
