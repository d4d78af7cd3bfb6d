"""FormFit (layer L1): constants of a closed form by least squares on the logarithm of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from calibration.fit.kernel_class import Floats, KernelClass
from calibration.fit.prior import Prior, numeric_fields, usual_prior
from simulator.hardware.profile import HardwareProfile

FEW_ROWS = 100
"""Below it several constants trade off against each other, and usual values hold them together."""

LOG_SCALE = 0.1
"""Relative error beyond which a row counts linearly (soft_l1)."""

MOST_EVALUATIONS = 80

SLOPE_STEP = 1e-3
"""Step of the slopes, relative to a constant's logarithm: waves and tiles are stairs, flat to closer points."""


SEARCH_ROWS, FIT_ROWS = 800, 4000
"""Rows on which starts and words are compared, and on which the best is followed to its end: a dozen constants learn
nothing from more."""

STARTS, START_SPREAD = 4, 0.5
"""Starts, and the standard deviation of their logarithms. Stairs stop a descent anywhere: from the usual values alone,
three of four folds of H200's multiplies ended 10 % off, the fourth 5 %."""


@dataclass(frozen=True)
class _Descent:
    """Where a descent ended: its cost, the constants' logarithms, and the words it was for."""

    cost: float
    logs: Floats
    words: dict[str, str]


class FormFit:
    """Closed form of one kernel class with constants fitted to measured rows.

    ``prior``: what the constants are held to; when None, the usual values of the class, and only by fewer than
    ``FEW_ROWS`` rows. After ``fit``: ``constants_``, an instance of the class's kind, and ``cost_``.
    """

    def __init__(self, spec: KernelClass, device: HardwareProfile, prior: Prior | None = None) -> None:
        self.spec = spec
        self.device = device
        self.prior = prior

    def fit(self, rows: pd.DataFrame) -> FormFit:
        """Learn the constants; ``rows`` need ``time_us`` and the shape columns of the class."""
        few, many = _at_most(rows, SEARCH_ROWS), _at_most(rows, FIT_ROWS)
        words = [dict(zip(self.spec.choices, chosen, strict=True)) for chosen in product(*self.spec.choices.values())]
        usual, *others = self._starts()
        found = _best(self._descend(few, chosen, start) for chosen in words for start in (usual, others[0]))
        found = _best([found, *(self._descend(few, found.words, start) for start in others[1:])])
        if len(many) > len(few):
            found = self._descend(many, found.words, found.logs)
        self.cost_, self.constants_ = found.cost, self._constants(np.exp(found.logs), found.words, digits=4)
        return self

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Seconds per row."""
        return self.spec.total(self.constants_, self.device, rows)

    def _expected(self) -> Prior:
        return usual_prior(self.spec) if self.prior is None else self.prior

    def _starts(self) -> list[Floats]:
        """Where to look from, logarithms: what is expected, and some values around it."""
        low, high = np.log(self.spec.low), np.log(self.spec.high)
        expected = self._expected().logs
        around = START_SPREAD * np.random.default_rng(0).standard_normal((STARTS - 1, len(expected)))
        return [np.clip(start, low, high) for start in (expected, *(expected + around))]

    def _descend(self, rows: pd.DataFrame, words: dict[str, str], start: Floats) -> _Descent:
        from scipy.optimize import least_squares

        spec, prior = self.spec, self._expected()
        measured = np.log(rows["time_us"].to_numpy(dtype=np.float64) * 1e-6)
        held = self.prior is not None or len(rows) < FEW_ROWS

        def residual(logs: Floats) -> Floats:
            error = np.log(spec.total(self._constants(np.exp(logs), words), self.device, rows)) - measured
            return np.concatenate([error, LOG_SCALE * (logs - prior.logs) / prior.spreads]) if held else error

        found = least_squares(
            residual, start, bounds=(np.log(spec.low), np.log(spec.high)), loss="soft_l1", f_scale=LOG_SCALE,
            max_nfev=MOST_EVALUATIONS, diff_step=np.full(len(start), SLOPE_STEP),
        )  # fmt: skip
        return _Descent(float(found.cost), found.x, words)

    def _constants(self, values: Floats, chosen: dict[str, str], digits: int | None = None) -> Any:
        numbers = values.tolist() if digits is None else [float(f"{value:.{digits}g}") for value in values]
        return self.spec.kind(**dict(zip(numeric_fields(self.spec.kind), numbers, strict=True)), **chosen)


def _best(tried: Iterable[_Descent]) -> _Descent:
    return min(tried, key=lambda descent: descent.cost)


def _at_most(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    return rows if len(rows) <= count else rows.sample(count, random_state=0)


def usual_constants(spec: KernelClass) -> Any:
    """Layer L0: the data sheet with usual shares."""
    chosen = {name: values[0] for name, values in spec.choices.items()}
    return spec.kind(**dict(zip(numeric_fields(spec.kind), spec.start, strict=True)), **chosen)
