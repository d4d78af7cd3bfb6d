"""Arrival processes: when requests are sent.

Open-loop processes are described by their gaps. Gaps are drawn for a mean of one and then divided by the rate, so two
rates under the same seed give the same pattern, stretched. The clock starts with the first request (``arrival_s[0]``
is 0), as in a trace. Processes whose rate changes with time stand in ``rate_curves``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from simulator.errors import InputError
from simulator.workload.checks import require_count, require_not_negative, require_positive, require_within
from simulator.workload.rate_curves import DiurnalArrivals, RampArrivals, WindowedArrivals
from simulator.workload.table import FloatColumn


@dataclass(frozen=True)
class PoissonArrivals:
    """Independent exponential gaps.

    Attributes
    ----------
    rate_per_s: mean rate (requests/s).
    """

    kind: ClassVar[str] = "poisson"
    rate_per_s: float

    def __post_init__(self) -> None:
        require_positive("rate_per_s", self.rate_per_s)

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) arrival seconds."""
        return _from_gaps(rng.standard_exponential(n) / self.rate_per_s)

    def at_rate(self, multiplier: float) -> PoissonArrivals:
        """The same process ``multiplier`` times as fast."""
        return replace(self, rate_per_s=self.rate_per_s * multiplier)


@dataclass(frozen=True)
class GammaArrivals:
    """Independent gamma gaps with shape ``burstiness``, as in ``vllm bench serve --burstiness``.

    1 is Poisson, below 1 burstier, above 1 more even; the coefficient of variation of the gaps is
    ``burstiness ** -0.5``. (vLLM's client also rescales the drawn times so that the last one falls on
    ``n / rate``; here the rate is the mean of the process, not of the sample.)

    Attributes
    ----------
    rate_per_s: mean rate (requests/s).
    burstiness: shape of the gamma distribution.
    """

    kind: ClassVar[str] = "gamma"
    rate_per_s: float
    burstiness: float = 1.0

    def __post_init__(self) -> None:
        require_positive("rate_per_s", self.rate_per_s)
        require_positive("burstiness", self.burstiness)

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) arrival seconds."""
        return _from_gaps(rng.standard_gamma(self.burstiness, n) / (self.burstiness * self.rate_per_s))

    def at_rate(self, multiplier: float) -> GammaArrivals:
        """The same process ``multiplier`` times as fast."""
        return replace(self, rate_per_s=self.rate_per_s * multiplier)


@dataclass(frozen=True)
class BurstIdleArrivals:
    """Bursts separated by idle time: a mixture of gamma gaps inside bursts and exponential idle gaps.

    Each gap is an idle gap (exponential, mean ``idle_gap_mean_s``) with ``idle_gap_probability``, else a gamma gap of
    mean ``burst_gap_mean_s`` and coefficient of variation ``burst_gap_cv``. Traffic of code assistants looks like this;
    one gamma cannot fit it.

    Attributes
    ----------
    burst_gap_mean_s: mean gap inside a burst (s).
    burst_gap_cv: coefficient of variation of the gaps inside a burst.
    idle_gap_probability: probability that a gap is an idle one.
    idle_gap_mean_s: mean idle gap (s).
    """

    kind: ClassVar[str] = "burst_idle"
    burst_gap_mean_s: float
    burst_gap_cv: float
    idle_gap_probability: float
    idle_gap_mean_s: float

    def __post_init__(self) -> None:
        for name in ("burst_gap_mean_s", "burst_gap_cv", "idle_gap_mean_s"):
            require_positive(name, getattr(self, name))
        require_within("idle_gap_probability", self.idle_gap_probability, 0, 1)

    @property
    def rate_per_s(self) -> float:
        """Mean rate of the process."""
        p = self.idle_gap_probability
        return 1.0 / ((1 - p) * self.burst_gap_mean_s + p * self.idle_gap_mean_s)

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) arrival seconds."""
        choice, bursts, idles = rng.spawn(3)  # a stream each, so that a longer draw continues a shorter one
        shape = self.burst_gap_cv**-2
        burst_gaps_s = bursts.standard_gamma(shape, n) * (self.burst_gap_mean_s / shape)
        idle_gaps_s = idles.standard_exponential(n) * self.idle_gap_mean_s
        return _from_gaps(np.where(choice.random(n) < self.idle_gap_probability, idle_gaps_s, burst_gaps_s))

    def at_rate(self, multiplier: float) -> BurstIdleArrivals:
        """The same process ``multiplier`` times as fast: bursts and idle times shrink alike."""
        return replace(
            self,
            burst_gap_mean_s=self.burst_gap_mean_s / multiplier,
            idle_gap_mean_s=self.idle_gap_mean_s / multiplier,
        )


@dataclass(frozen=True)
class ConstantArrivals:
    """Equal gaps.

    Attributes
    ----------
    rate_per_s: requests per second; a gap is ``1 / rate_per_s`` seconds.
    """

    kind: ClassVar[str] = "constant"
    rate_per_s: float

    def __post_init__(self) -> None:
        require_positive("rate_per_s", self.rate_per_s)

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) arrival seconds."""
        return np.arange(n) / self.rate_per_s

    def at_rate(self, multiplier: float) -> ConstantArrivals:
        """The same process ``multiplier`` times as fast."""
        return replace(self, rate_per_s=self.rate_per_s * multiplier)


@dataclass(frozen=True)
class OfflineArrivals:
    """Every request is queued at time 0: a batch job, measured by its throughput."""

    kind: ClassVar[str] = "offline"

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) zeros."""
        return np.zeros(n)


@dataclass(frozen=True)
class FixedBatchArrivals:
    """One batch at time 0.

    Attributes
    ----------
    batch_size: requests of the batch; the workload has exactly that many.
    """

    kind: ClassVar[str] = "fixed_batch"
    batch_size: int

    def __post_init__(self) -> None:
        require_count("batch_size", self.batch_size)

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) zeros; raises ``InputError`` when ``n`` is not the batch size."""
        if n != self.batch_size:
            raise InputError(
                f"must equal arrival.batch_size ({self.batch_size}) of a fixed batch", path="num_requests", value=n
            )
        return np.zeros(n)


@dataclass(frozen=True)
class ClosedLoopArrivals:
    """Clients that wait for their answers, each with one request in flight.

    Attributes
    ----------
    max_concurrency: clients.
    think_time_s: from the end of a client's request to its next one (s).
    """

    kind: ClassVar[str] = "closed_loop"
    max_concurrency: int
    think_time_s: float = 0.0

    def __post_init__(self) -> None:
        require_count("max_concurrency", self.max_concurrency)
        require_not_negative("think_time_s", self.think_time_s, "seconds")

    def times(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) zeros: the earliest possible arrivals; the run decides the real ones."""
        return np.zeros(n)


RatedArrivals = (
    PoissonArrivals
    | GammaArrivals
    | BurstIdleArrivals
    | ConstantArrivals
    | RampArrivals
    | DiurnalArrivals
    | WindowedArrivals
)
"""Open-loop processes with a rate that can be multiplied (``at_rate``)."""

Arrivals = RatedArrivals | OfflineArrivals | FixedBatchArrivals | ClosedLoopArrivals

ARRIVAL_KINDS: dict[str, type[Arrivals]] = {
    process.kind: process
    for process in (
        PoissonArrivals,
        GammaArrivals,
        BurstIdleArrivals,
        ConstantArrivals,
        RampArrivals,
        DiurnalArrivals,
        WindowedArrivals,
        OfflineArrivals,
        FixedBatchArrivals,
        ClosedLoopArrivals,
    )
}
"""Arrival process by the name it has in files."""


def _from_gaps(gaps_s: FloatColumn) -> FloatColumn:
    times = np.empty(len(gaps_s))
    times[:1] = 0.0
    np.cumsum(gaps_s[1:], out=times[1:])
    return times
