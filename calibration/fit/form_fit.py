"""FormFit (layer L1): constants of a closed form by least squares on the logarithm of time."""

from __future__ import annotations

from dataclasses import fields
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from calibration.fit.kernel_class import Floats, KernelClass
from simulator.hardware.profile import HardwareProfile

FEW_ROWS = 100
"""Below it several constants trade off against each other, and the usual values hold them together."""

PRIOR_SPREAD = 0.5
"""Standard deviation of a constant's logarithm around its usual value, for fits to few rows."""

LOG_SCALE = 0.1
"""Relative error beyond which a row counts linearly (soft_l1)."""

MOST_EVALUATIONS = 80

SLOPE_STEP = 1e-3
"""Step of the slopes, relative to a constant's logarithm: waves and tiles are stairs, flat to closer points."""


class FormFit:
    """Closed form of one kernel class with constants fitted to measured rows.

    ``prior``: constants that few rows are shrunk towards; those of the class when None. After ``fit``: ``constants_``,
    an instance of the class's kind, and ``cost_``.
    """

    def __init__(self, spec: KernelClass, device: HardwareProfile, prior: Any = None) -> None:
        self.spec = spec
        self.device = device
        self.prior = prior

    def fit(self, rows: pd.DataFrame) -> FormFit:
        """Learn the constants; ``rows`` need ``time_us`` and the shape columns of the class."""
        tried = product(*self.spec.choices.values())
        fits = [self._solve(rows, dict(zip(self.spec.choices, choice, strict=True))) for choice in tried]
        self.cost_, self.constants_ = min(fits, key=lambda found: found[0])
        return self

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Seconds per row."""
        return self.spec.total(self.constants_, self.device, rows)

    def _solve(self, rows: pd.DataFrame, chosen: dict[str, str]) -> tuple[float, Any]:
        from scipy.optimize import least_squares

        spec = self.spec
        low, high = np.log(spec.low), np.log(spec.high)
        measured = np.log(rows["time_us"].to_numpy(dtype=np.float64) * 1e-6)
        prior = np.log(self._prior_values())
        pull = LOG_SCALE / PRIOR_SPREAD if len(rows) < FEW_ROWS else 0.0

        def residual(logs: Floats) -> Floats:
            error = np.log(spec.total(self._constants(np.exp(logs), chosen), self.device, rows)) - measured
            return np.concatenate([error, pull * (logs - prior)]) if pull else error

        found = least_squares(
            residual, np.clip(prior, low, high), bounds=(low, high), loss="soft_l1", f_scale=LOG_SCALE,
            max_nfev=MOST_EVALUATIONS, diff_step=np.full(len(prior), SLOPE_STEP),
        )  # fmt: skip
        return float(found.cost), self._constants(np.exp(found.x), chosen, digits=4)

    def _prior_values(self) -> Floats:
        if self.prior is None:
            return np.asarray(self.spec.start)
        values = np.array([getattr(self.prior, name) for name in numeric_fields(self.spec.kind)], dtype=np.float64)
        return np.clip(values, self.spec.low, self.spec.high)

    def _constants(self, values: Floats, chosen: dict[str, str], digits: int | None = None) -> Any:
        numbers = values.tolist() if digits is None else [float(f"{value:.{digits}g}") for value in values]
        return self.spec.kind(**dict(zip(numeric_fields(self.spec.kind), numbers, strict=True)), **chosen)


def usual_constants(spec: KernelClass) -> Any:
    """Layer L0: the data sheet with usual shares."""
    chosen = {name: values[0] for name, values in spec.choices.items()}
    return spec.kind(**dict(zip(numeric_fields(spec.kind), spec.start, strict=True)), **chosen)


def numeric_fields(kind: type[Any]) -> list[str]:
    """Names of a constants class's numbers, in order (its words are ``KernelClass.choices``)."""
    return [item.name for item in fields(kind) if item.type in ("float", float)]
