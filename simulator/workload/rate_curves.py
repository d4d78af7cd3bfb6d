"""Arrival processes whose rate changes with time: ramps, days, measured windows.

All are time changes: gaps of mean one are drawn (gamma with shape ``burstiness``; 1 makes an inhomogeneous Poisson
process) and laid out along the cumulative rate R(t), so that request k is sent where R(t) equals the sum of the gaps
before it (Cox and Lewis 1966). Expected counts in any interval are the integral of the rate whatever the burstiness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from simulator.errors import InputError
from simulator.workload.checks import require_not_negative, require_positive, require_within
from simulator.workload.table import FloatColumn

_BISECTIONS = 64
"""Halvings of an interval: more than the 53 bits of a float's mantissa."""


@dataclass(frozen=True)
class RampArrivals:
    """The rate goes along a straight line and then stays (``vllm bench serve --ramp-up-strategy linear``).

    Attributes
    ----------
    start_rate_per_s: rate at the beginning (requests/s).
    end_rate_per_s: rate at the end of the ramp and afterwards (requests/s).
    ramp_s: length of the ramp (s).
    burstiness: shape of the gaps' gamma distribution; 1 = Poisson.
    """

    kind: ClassVar[str] = "ramp"
    start_rate_per_s: float
    end_rate_per_s: float
    ramp_s: float
    burstiness: float = 1.0

    def __post_init__(self) -> None:
        require_not_negative("start_rate_per_s", self.start_rate_per_s)
        for name in ("end_rate_per_s", "ramp_s", "burstiness"):
            require_positive(name, getattr(self, name))

    @property
    def rate_per_s(self) -> float:
        """Mean rate of the ramp itself."""
        return (self.start_rate_per_s + self.end_rate_per_s) / 2

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) arrival seconds."""
        places = _places(n, self.burstiness, rng)
        start, slope = self.start_rate_per_s, (self.end_rate_per_s - self.start_rate_per_s) / self.ramp_s
        ramp_requests = self.rate_per_s * self.ramp_s
        on_ramp = np.minimum(places, ramp_requests)
        # Root of start t + slope t**2 / 2 = place, in the form that does not cancel when the slope is small.
        root = np.sqrt(np.maximum(start**2 + 2 * slope * on_ramp, 0.0))
        moving = start + root > 0
        ramp_s = np.divide(2 * on_ramp, start + root, out=np.zeros(n), where=moving)
        return ramp_s + (places - on_ramp) / self.end_rate_per_s

    def at_rate(self, multiplier: float) -> RampArrivals:
        """The same ramp with ``multiplier`` times the requests."""
        return replace(
            self,
            start_rate_per_s=self.start_rate_per_s * multiplier,
            end_rate_per_s=self.end_rate_per_s * multiplier,
        )


@dataclass(frozen=True)
class DiurnalArrivals:
    """A day: the rate is ``rate_per_s (1 + amplitude cos(2 pi (t - peak_s) / period_s))``.

    Attributes
    ----------
    rate_per_s: mean rate of the day (requests/s).
    amplitude: 0.5 means that the busiest moment has 1.5 times the mean rate and the quietest half of it.
    peak_s: the busiest moment, from the start of the run (s).
    period_s: length of the day (s).
    burstiness: shape of the gaps' gamma distribution; 1 = Poisson.
    """

    kind: ClassVar[str] = "diurnal"
    rate_per_s: float
    amplitude: float
    peak_s: float = 0.0
    period_s: float = 86_400.0
    burstiness: float = 1.0

    def __post_init__(self) -> None:
        for name in ("rate_per_s", "period_s", "burstiness"):
            require_positive(name, getattr(self, name))
        require_within("amplitude", self.amplitude, 0, 1)
        require_not_negative("peak_s", self.peak_s, "seconds")

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) arrival seconds."""
        places = _places(n, self.burstiness, rng)
        # R(t) differs from rate t by at most the requests of amplitude * period / pi seconds.
        slack_s = self.amplitude * self.period_s / math.pi
        low, high = np.maximum(places / self.rate_per_s - slack_s, 0.0), places / self.rate_per_s + slack_s
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            below = self._expected(middle) < places
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        # Neighbours whose roots differ by rounding only must not change places.
        times: FloatColumn = np.maximum.accumulate(high)
        return times

    def _expected(self, time_s: FloatColumn) -> FloatColumn:
        """Requests expected until a time."""
        turn = 2 * math.pi / self.period_s
        swing = np.sin(turn * (time_s - self.peak_s)) - math.sin(-turn * self.peak_s)
        return self.rate_per_s * (time_s + self.amplitude * swing / turn)

    def at_rate(self, multiplier: float) -> DiurnalArrivals:
        """The same day with ``multiplier`` times the requests."""
        return replace(self, rate_per_s=self.rate_per_s * multiplier)


@dataclass(frozen=True)
class WindowedArrivals:
    """Windows with a rate each; behind the last the first comes again.

    A measured day, or the drift and bursts of a trace as ``inferplan trace synthesize`` writes them.

    Attributes
    ----------
    window_s: length of one window (s).
    rates_per_s: rate of each window (requests/s).
    burstiness: shape of the gaps' gamma distribution; 1 = Poisson.
    """

    kind: ClassVar[str] = "windows"
    window_s: float
    rates_per_s: tuple[float, ...]
    burstiness: float = 1.0

    def __post_init__(self) -> None:
        require_positive("window_s", self.window_s)
        require_positive("burstiness", self.burstiness)
        rates = np.asarray(self.rates_per_s, dtype=float)
        if not (len(rates) and np.all(np.isfinite(rates)) and np.all(rates >= 0) and rates.sum() > 0):
            raise InputError("must be rates >= 0, one of them > 0", path="rates_per_s", value=self.rates_per_s)

    @property
    def rate_per_s(self) -> float:
        """Mean rate over all windows."""
        return float(np.mean(self.rates_per_s))

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) arrival seconds; the clock starts with the first window, not with the first request."""
        expected = np.concatenate(([0.0], np.cumsum(self.rates_per_s) * self.window_s))
        # The first request stands half a mean gap behind the start, so that windows repeat without a seam.
        rounds, place = np.divmod(_places(n, self.burstiness, rng) + 0.5, expected[-1])
        # "right" steps over idle windows; a place is below the last edge, so there is always a window behind it.
        window = np.searchsorted(expected, place, side="right") - 1
        share = (place - expected[window]) / (expected[window + 1] - expected[window])
        return (rounds * (len(expected) - 1) + window + share) * self.window_s

    def at_rate(self, multiplier: float) -> WindowedArrivals:
        """The same windows with ``multiplier`` times the requests."""
        return replace(self, rates_per_s=tuple(rate * multiplier for rate in self.rates_per_s))


def _places(n: int, burstiness: float, rng: np.random.Generator) -> FloatColumn:
    """(n,) sums of gaps of mean one; the first request stands at 0."""
    gaps = rng.standard_gamma(burstiness, n) / burstiness
    gaps[:1] = 0.0
    places: FloatColumn = np.cumsum(gaps)
    return places
