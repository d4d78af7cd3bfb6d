"""LayeredModel: closed form, correction and exact rows of one kernel class as one estimator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from calibration.fit.borrowed_residual import BorrowedResidualFit
from calibration.fit.form_fit import FormFit
from calibration.fit.kernel_class import Floats, KernelClass
from calibration.fit.prior import pooled_prior
from calibration.fit.relatives import Relative
from calibration.fit.residual_fit import ResidualFit
from calibration.schema import OPS
from simulator.hardware.profile import HardwareProfile

FEWEST_FOR_RESIDUAL = 40
"""Rows below which a correction is not worth its centres."""

LEARNS_BELOW = 400
"""Rows below which a class learns from other devices."""

_LEAST_SHARE = 0.2
"""Share of a row's time the corrected kernel keeps at least when the kernel timed along with it is taken off."""


class LayeredModel:
    """Predicts in the order L3, L2, L1: a measured row at exactly the shape, else the corrected closed form.

    ``relatives``: devices with full tables, which teach a fit to fewer than ``LEARNS_BELOW`` rows. After ``fit``:
    ``form_`` (``FormFit``), ``residual_`` (None with too few rows), ``exact_`` (shape -> seconds).
    """

    def __init__(self, spec: KernelClass, device: HardwareProfile, relatives: Sequence[Relative] = ()) -> None:
        self.spec = spec
        self.device = device
        self.relatives = relatives

    @staticmethod
    def corrects(spec: KernelClass, rows: int) -> bool:
        """Whether a class gets a correction from so many rows."""
        return spec.coordinates is not None and rows >= FEWEST_FOR_RESIDUAL

    def fit(self, rows: pd.DataFrame) -> LayeredModel:
        """Learn all layers from measured rows."""
        learns = len(rows) < LEARNS_BELOW and len(self.relatives) > 0
        prior = pooled_prior(self.spec, self.relatives) if learns else None
        self.form_ = FormFit(self.spec, self.device, prior).fit(rows)
        self.residual_ = None
        if self.corrects(self.spec, len(rows)):
            correction = self._borrowed() if learns else self._own()
            self.residual_ = correction.fit(self.spec.log2_shapes(rows), self._log_ratios(rows)).residual_
        self.exact_ = rows.groupby(self._shape_columns(rows), dropna=False)["time_us"].median() * 1e-6
        return self

    def predict(self, rows: pd.DataFrame, *, exact: bool = True) -> Floats:
        """Seconds per row; ``exact``: take measured rows where they are at exactly this shape."""
        constants = self.form_.constants_
        seconds = self.spec.predict(constants, self.device, rows)
        if self.residual_ is not None:
            seconds = seconds * np.exp(self.residual_.log_factor(self.spec.log2_shapes(rows)))
        if self.spec.apart is not None:
            seconds = seconds + self.spec.apart(constants, self.device, rows)
        if not exact:
            return seconds
        keys = self._shape_columns(rows)
        hit = rows[keys].merge(self.exact_.rename("seconds").reset_index(), on=keys, how="left")["seconds"].to_numpy()
        return np.where(np.isnan(hit), seconds, hit)

    def _own(self) -> ResidualFit:
        return ResidualFit(self.spec.scales, centres=self.spec.centres, ridge=self.spec.ridge)

    def _borrowed(self) -> BorrowedResidualFit:
        return BorrowedResidualFit(self.relatives, self.spec.scales, centres=self.spec.centres)

    def _log_ratios(self, rows: pd.DataFrame) -> Floats:
        """``log(measured / form)`` of the corrected kernel alone."""
        constants = self.form_.constants_
        measured = rows["time_us"].to_numpy(dtype=np.float64) * 1e-6
        if self.spec.apart is not None:
            measured = np.maximum(measured - self.spec.apart(constants, self.device, rows), _LEAST_SHARE * measured)
        return np.log(measured) - np.log(self.spec.predict(constants, self.device, rows))

    def _shape_columns(self, rows: pd.DataFrame) -> list[str]:
        op = str(rows["op"].iloc[0])
        return [name for name in (*OPS[op].shape, "moe_tp") if name in rows]
