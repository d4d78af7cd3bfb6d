"""Token counts of drawn requests: from what a case says of prompts or outputs to a distribution of lengths."""

from __future__ import annotations

from simulator.validation.case import LengthFacts
from simulator.validation.unsupported import Unsupported
from simulator.workload.lengths import FixedLength, Lengths, QuantileLength, UniformLength


def length_distribution(facts: LengthFacts) -> Lengths:
    """Uniform between its bounds, along its quantiles, or all at the mean where only that is known.

    Raises ``Unsupported`` when nothing is.
    """
    if facts.uniform is not None:
        return UniformLength(*facts.uniform)
    if facts.fixed is None and len(facts.quantiles) > 1:
        return _along(facts.quantiles, facts.mean)
    tokens = facts.fixed or facts.mean or dict(facts.quantiles).get(0.5)
    if tokens is None:
        raise Unsupported("token counts are not given")
    return FixedLength(max(1, round(tokens)))


def _along(quantiles: tuple[tuple[float, float], ...], mean: float | None) -> QuantileLength:
    """Linear between the quantiles; the two ends nobody recorded are the greatest one and what gives the mean."""
    levels, values = [level for level, _ in quantiles], [value for _, value in quantiles]
    if levels[-1] < 1.0:
        levels, values = [*levels, 1.0], [*values, values[-1]]
    steps = zip(levels, levels[1:], values, values[1:], strict=False)
    above = sum((after - before) * (low + high) / 2 for before, after, low, high in steps)
    first = values[0]
    least = first**2 / values[1] if mean is None else 2 * (mean - above) / levels[0] - first
    return QuantileLength((0.0, *levels), (min(max(1.0, least), first), *values))
