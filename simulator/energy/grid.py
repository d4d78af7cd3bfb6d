"""Carbon intensity of the grid over time, and the carbon of power drawn between two instants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.errors import InputError

HOUR_S = 3600.0
JOULES_PER_KWH = 3.6e6

WORLD_AVERAGE_KG_PER_KWH = 0.473
WORLD_AVERAGE_SOURCE = "world average 2024, Ember 2025, recalled"


@dataclass(frozen=True)
class Grid:
    """kgCO2e per kWh: ``hourly`` has one value (always the same) or one per hour of a day that repeats.

    ``start_hour``: hour of the day at which the run's clock reads 0. Raises ``InputError`` for a curve of another
    length or a negative value.
    """

    hourly: tuple[float, ...] = (WORLD_AVERAGE_KG_PER_KWH,)
    start_hour: float = 0.0
    source: str = WORLD_AVERAGE_SOURCE

    def __post_init__(self) -> None:
        if len(self.hourly) not in (1, 24):
            raise InputError(
                "must have 24 values, one per hour of the day",
                path="economics.carbon.hourly_kg_per_kwh",
                value=len(self.hourly),
            )
        if min(self.hourly) < 0:
            raise InputError("must not be negative", path="economics.carbon.hourly_kg_per_kwh", value=min(self.hourly))

    def integral(self, time_s: Any) -> Any:
        """kgCO2e of one watt drawn from the run's start to ``time_s`` (scalar or array, s), in kg per watt."""
        hours = np.asarray(time_s, dtype=np.float64) / HOUR_S + self.start_hour
        return (self._kg_hours(hours) - self._kg_hours(np.asarray(self.start_hour))) * HOUR_S / JOULES_PER_KWH

    def _kg_hours(self, hours: Any) -> Any:
        """Integral of the intensity over hours since midnight of the first day (kg/kWh x h)."""
        if len(self.hourly) == 1:
            return self.hourly[0] * hours
        edges = np.concatenate([[0.0], np.cumsum(self.hourly)])
        days, of_day = np.divmod(hours, 24.0)
        return days * edges[-1] + np.interp(of_day, np.arange(25.0), edges)
