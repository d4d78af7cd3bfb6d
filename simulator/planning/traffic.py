"""From today's mean rate to the rates a fleet is made for: growth, the busiest hour of the day, headroom.

A fleet is sized for the busiest hour at the end of the horizon. Within that hour arrivals are as the workload says
(Poisson, bursts, a trace's own gaps); across the day only their rate changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from simulator.scenario.section import Section, mistake

HOURS = 24

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Traffic(Section):
    """How much comes, when.

    Attributes
    ----------
    rate_per_s: mean of a day, today; None = the workload's own.
    growth_per_year: 0.5 is half as much again each year.
    horizon_years: for so many years.
    hourly: shape of a day, 24 weights; or give ``peak_to_mean``.
    peak_to_mean: busiest hour of the day over its mean.
    headroom: share kept free on top of the peak.
    """

    rate_per_s: Positive | None = None
    growth_per_year: Annotated[float, Field(gt=-1, le=100)] = 0.0
    horizon_years: Annotated[float, Field(ge=0, le=30)] = 0.0
    hourly: list[NotNegative] | None = None
    peak_to_mean: Annotated[float, Field(ge=1, le=24)] | None = None
    headroom: Annotated[float, Field(ge=0, le=10)] = 0.0

    @model_validator(mode="after")
    def _one_shape_of_the_day(self) -> Traffic:
        if self.hourly is None:
            return self
        if self.peak_to_mean is not None:
            raise mistake("cannot stand beside hourly; give one of the two", "peak_to_mean", self.peak_to_mean)
        if len(self.hourly) != HOURS:
            raise mistake(f"must have {HOURS} values, one per hour of the day", "hourly", len(self.hourly))
        if not any(self.hourly):
            raise mistake("must have a value above 0", "hourly", self.hourly)
        return self

    @property
    def peak_factor(self) -> float | None:
        """Busiest hour over the mean of the day; None where nothing is said of it."""
        if self.hourly is not None:
            return max(self.hourly) * HOURS / sum(self.hourly)
        return self.peak_to_mean

    def rates(self, own_rate_per_s: float, own_peak_factor: float = 1.0) -> Rates:
        """The rates, for a workload whose own mean rate is ``own_rate_per_s`` (used where none is given)."""
        today = self.rate_per_s or own_rate_per_s
        growth = (1.0 + self.growth_per_year) ** self.horizon_years
        factor = self.peak_factor or own_peak_factor
        mean = today * growth
        return Rates(today, mean, mean * factor, mean * factor * (1.0 + self.headroom))

    def milestones(self) -> list[float]:
        """Years from today at which the fleet's growth is told: each whole year, and the horizon."""
        whole = [float(year) for year in range(int(self.horizon_years) + 1)]
        return whole if whole[-1] == self.horizon_years else [*whole, self.horizon_years]


@dataclass(frozen=True)
class Rates:
    """Requests per second: ``today``, mean of a day now; ``mean`` of a day at the horizon; its ``peak`` hour;
    ``design``: the peak with its headroom, what the fleet without its spares must carry."""

    today: float
    mean: float
    peak: float
    design: float
