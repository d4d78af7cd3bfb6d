"""KernelClass: how one class of kernels is picked from a table, predicted, bounded and held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.hardware.profile import HardwareProfile

Floats = npt.NDArray[np.float64]
Predict = Callable[[Any, HardwareProfile, pd.DataFrame], Floats]


@dataclass(frozen=True)
class KernelClass:
    """One kernel class in one number format.

    ``key``, ``dtype``: where the constants stand in a fits file. ``kind``: the dataclass of its constants; ``start``,
    ``low``, ``high``: their usual values and bounds, one entry per numeric field. ``rows`` picks the class from a
    table; ``predict`` gives seconds of what the form describes, ``apart`` seconds of a kernel timed along with it that
    the correction leaves alone. ``held_out``: columns whose combinations are kept together in a fold. ``coordinates``:
    shapes of the correction (``simulator.hardware.residuals.COORDINATES``), plain numbers; ``scales`` their length
    scales in octaves, ``centres`` its size, ``ridge`` its stiffness. ``choices``: text fields and the values tried.
    """

    key: str
    dtype: str | None
    kind: type
    rows: Callable[[pd.DataFrame, HardwareProfile], pd.DataFrame]
    predict: Predict
    held_out: tuple[str, ...]
    start: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    apart: Predict | None = None
    coordinates: Callable[[pd.DataFrame], tuple[Any, ...]] | None = None
    scales: tuple[float, ...] = ()
    centres: int = 400
    ridge: float = 0.2
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def numbers(self) -> list[str]:
        """Names of the constants that are numbers, in the order of ``start`` (words are ``choices``)."""
        return [item.name for item in fields(self.kind) if item.name not in self.choices]

    def total(self, constants: Any, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        """Seconds a row should take, everything timed with it included."""
        seconds = self.predict(constants, device, rows)
        return seconds if self.apart is None else seconds + self.apart(constants, device, rows)

    def log2_shapes(self, rows: pd.DataFrame) -> Floats:
        """(rows, coordinates) logarithms to base 2; raises ``ValueError`` for a class without a correction."""
        if self.coordinates is None:
            raise ValueError(f"{self.key} has no correction")
        return np.log2(np.column_stack([np.asarray(column, dtype=np.float64) for column in self.coordinates(rows)]))


def columns(rows: pd.DataFrame, *names: str) -> tuple[Floats, ...]:
    """Columns of a table as floats."""
    return tuple(rows[name].to_numpy(dtype=np.float64) for name in names)
