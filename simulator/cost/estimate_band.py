"""80 % bands of an estimate: its phases off by their step bands, delivery within its range."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cost.deployment import Deployment
from simulator.cost.uncertainty import BandTerms, Factors, delivery_band, metric_band

Range = tuple[float, float]
"""``(low, high)`` in the unit of the figure."""


@dataclass(frozen=True)
class EstimateBands:
    """Ranges in seconds, and in tokens per second; None where there is no decode."""

    ttft_s: Range
    tpot_s: Range | None
    e2e_s: Range
    output_tokens_per_s: Range


def estimate_bands(
    deployment: Deployment,
    prefill: tuple[float, Factors],
    decode: tuple[float, Factors] | None,
    *,
    decode_steps: int,
    output_tokens: int,
    terms: BandTerms,
) -> EstimateBands:
    """From (seconds, step band) of the prefill and of one decode step.

    Kernels that err in one phase err the same way in the other, so that both are taken fast, or both slow, together.
    """
    engine = deployment.engine
    delivery = (engine.api_delivery_s, *delivery_band(engine))
    first = [seconds + wait for seconds, wait in zip(_three(prefill), delivery, strict=True)]
    step = _three(decode) if decode is not None else [0.0, 0.0, 0.0]
    whole = [start + decode_steps * each for start, each in zip(first, step, strict=True)]
    return EstimateBands(
        ttft_s=_band(first, terms.metrics["ttft"]),
        tpot_s=None if decode is None else _band(step, terms.metrics["tpot"]),
        e2e_s=_band(whole, terms.metrics["e2el"]),
        output_tokens_per_s=_band([output_tokens / seconds for seconds in whole], terms.metrics["throughput"]),
    )


def _three(timed: tuple[float, Factors]) -> list[float]:
    seconds, (low, high) = timed
    return [seconds, seconds * low, seconds * high]


def _band(values: list[float], discrepancy: float) -> Range:
    value, fast, slow = values
    return metric_band(value, fast, slow, discrepancy)
