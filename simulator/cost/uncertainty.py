"""80 % bands: from the errors of kernel classes and host terms to the error of a step, and of a metric.

Kernel classes err independently of each other; the kernels of one class have part of their error in common in one
deployment (a systematic error, drawn once; all of it where no correction acts), the rest averages out over its shapes.
Host terms and multipliers of the engine profile are off within their stated ranges. Relative half-widths add up as the
root of the sum of squares, each weighted with the part's share of the time, upwards and downwards apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile
from simulator.datafiles import data_dir
from simulator.yaml_section import read_yaml

HOST = "host"
"""Class of the engine's host terms."""

METRICS = ("ttft", "tpot", "e2el", "throughput")
"""Metrics with a discrepancy of their own."""

_MULTIPLIERS = {
    "gemm": "gemm_multiplier",
    "prefill_attention": "prefill_attention_multiplier",
    "decode_attention": "decode_attention_multiplier",
    "latent_prefill": "prefill_attention_multiplier",
    "latent_decode": "decode_attention_multiplier",
    "absorbed_matmul": "gemm_multiplier",
    "weight_only_gemm": "gemm_multiplier",
    "moe": "moe_multiplier",
    "weight_only_moe": "moe_multiplier",
    "custom_all_reduce": "all_reduce_multiplier",
    "nccl_all_reduce": "all_reduce_multiplier",
}
"""Kernel class -> term of the engine profile that multiplies it."""

Factors = tuple[float, float]
"""``(low, high)``: a quantity lies between low and high times its predicted value in 80 of 100 deployments."""


class TimedPart(Protocol):
    """A row of a breakdown: ``seconds`` of one operator, its kernel class, how its time is known (``PROVENANCES``), by
    which layer of the cost model, and the 80 % factors of one kernel of it."""

    @property
    def seconds(self) -> float: ...
    @property
    def kernel_class(self) -> str: ...
    @property
    def provenance(self) -> str: ...
    @property
    def layer(self) -> str: ...
    @property
    def factors(self) -> Factors: ...


@dataclass(frozen=True)
class BandTerms:
    """How errors combine. ``kernel_coherence``: common share of a class's error, 0..1; ``step``: relative half-width of
    what no part explains; ``metrics``: the same of each of ``METRICS``."""

    kernel_coherence: float
    step: float
    metrics: Mapping[str, float]


def load_band_terms() -> BandTerms:
    """The terms of ``calibration/bands.yaml``. Raises ``InputError`` for a file that is not whole."""
    file = read_yaml(data_dir("calibration") / "bands.yaml")

    def term(key: str) -> float:
        section = file.section(key)
        value = section.number("value", at_least=0.0)
        section.text("source")
        section.finish()
        return value

    terms = BandTerms(term("kernel_coherence"), term("step"), {metric: term(metric) for metric in METRICS})
    file.finish()
    return terms


def step_band(deployment: Deployment, parts: Iterable[TimedPart], terms: BandTerms | None = None) -> Factors:
    """80 % factors on the seconds of a step (or a mean step, or a phase) that consists of ``parts``.

    Constants borrowed from another device, or off a data sheet, err all in one direction.
    ``(1, 1)`` when nothing takes time. The low factor is above 0.
    """
    terms = terms or load_band_terms()
    seconds: dict[str, float] = {}
    below: dict[str, float] = {}
    above: dict[str, float] = {}
    for part in parts:
        name, (low, high), common = part.kernel_class, part.factors, _common_share(part, terms)
        seconds[name] = seconds.get(name, 0.0) + part.seconds
        below[name] = below.get(name, 0.0) + part.seconds * common * (1.0 - low)
        above[name] = above.get(name, 0.0) + part.seconds * common * (high - 1.0)
    total = sum(seconds.values())
    if not total:
        return 1.0, 1.0
    down, up = [terms.step / (1.0 + terms.step)], [terms.step]
    for name, time in seconds.items():
        fewest, most = _multiplier_range(deployment.engine, name)
        down += [below[name] / total, (1.0 - fewest) * time / total]
        up += [above[name] / total, (most - 1.0) * time / total]
    return max(1.0 - _root_sum_square(down), _LEAST), 1.0 + _root_sum_square(up)


_LEAST = 0.05
"""Least low factor: however uncertain its parts, a step takes some time."""


def _common_share(part: TimedPart, terms: BandTerms) -> float:
    """Share of a part's error that its whole class has in common.

    All of it where nothing was timed on the device, and where a closed form speaks alone: what it gets wrong it gets
    wrong for every shape alike. A correction has taken that part away.
    """
    timed = part.provenance in ("measured", "fitted") and part.layer in ("L2", "L3")
    return terms.kernel_coherence if timed and part.kernel_class != HOST else 1.0


def metric_band(value: float, fast: float, slow: float, discrepancy: float) -> tuple[float, float]:
    """``(low, high)`` of a metric from its values with every step at its low and high factor.

    Widened by the metric's own relative ``discrepancy`` (root of the sum of squares).
    """
    least, most = min(value, fast, slow), max(value, fast, slow)
    extra = discrepancy * abs(value)
    return max(0.0, value - _root_sum_square([value - least, extra])), value + _root_sum_square([most - value, extra])


def delivery_band(engine: EngineProfile) -> Factors:
    """``(low, high)`` seconds of the first token's delivery (part of TTFT only)."""
    low, high = engine.bound("api_delivery_s")
    return min(low, engine.api_delivery_s), max(high, engine.api_delivery_s)


def _multiplier_range(engine: EngineProfile, kernel_class: str) -> Factors:
    """Range of the engine's multiplier on a kernel class, relative to its value."""
    term = _MULTIPLIERS.get(kernel_class)
    if term is None:
        return 1.0, 1.0
    value: float = getattr(engine, term)
    low, high = engine.bound(term)
    return min(1.0, low / value), max(1.0, high / value)


def _root_sum_square(values: list[float]) -> float:
    return float(sum(max(value, 0.0) ** 2 for value in values) ** 0.5)
