"""Distributions of token counts, each given by its quantile function.

Drawing is ``distribution.draw(u)`` for uniform ``u``: one uniform number per request, whatever the distribution. So
two distributions under one seed are compared on the same luck, and a copula can tie prompt and output lengths.
Counts are rounded to whole tokens, at least 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulator.errors import InputError
from simulator.workload.checks import require_not_negative, require_positive, require_tokens
from simulator.workload.table import MAX_TOKENS, FloatColumn, IntColumn


@dataclass(frozen=True)
class FixedLength:
    """Always the same length; a bare number means this.

    Attributes
    ----------
    tokens: the length (tokens).
    """

    kind: ClassVar[str] = "fixed"
    tokens: int

    def __post_init__(self) -> None:
        require_tokens("tokens", self.tokens)

    def draw(self, u: FloatColumn) -> IntColumn:
        """(n,) token counts for (n,) uniform numbers in [0, 1)."""
        return np.full(len(u), self.tokens, dtype=np.int64)


@dataclass(frozen=True)
class UniformLength:
    """Every whole number of ``low..high`` equally likely.

    Attributes
    ----------
    low: least length, included (tokens).
    high: greatest length, included (tokens).
    """

    kind: ClassVar[str] = "uniform"
    low: int
    high: int

    def __post_init__(self) -> None:
        require_tokens("low", self.low)
        require_tokens("high", self.high, least=self.low)

    def draw(self, u: FloatColumn) -> IntColumn:
        """(n,) token counts for (n,) uniform numbers in [0, 1)."""
        return self.low + np.floor(u * (self.high - self.low + 1)).astype(np.int64)


@dataclass(frozen=True)
class NormalLength:
    """Normal, clipped to ``min_tokens..max_tokens``.

    Attributes
    ----------
    mean: before clipping (tokens).
    cv: coefficient of variation before clipping.
    min_tokens, max_tokens: lengths beyond are set to these (tokens).
    """

    kind: ClassVar[str] = "normal"
    mean: float
    cv: float
    min_tokens: int = 1
    max_tokens: int = MAX_TOKENS

    def __post_init__(self) -> None:
        _require_shape(self)

    def draw(self, u: FloatColumn) -> IntColumn:
        """(n,) token counts for (n,) uniform numbers in [0, 1)."""
        return _whole(self.mean * (1 + self.cv * _normal_score(u)), self.min_tokens, self.max_tokens)


@dataclass(frozen=True)
class LogNormalLength:
    """Lognormal, clipped to ``min_tokens..max_tokens``.

    Attributes
    ----------
    mean: of the lognormal itself before clipping, not of its logarithm (tokens).
    cv: coefficient of variation of the lognormal itself before clipping.
    min_tokens, max_tokens: lengths beyond are set to these (tokens).
    """

    kind: ClassVar[str] = "lognormal"
    mean: float
    cv: float
    min_tokens: int = 1
    max_tokens: int = MAX_TOKENS

    def __post_init__(self) -> None:
        _require_shape(self)

    def draw(self, u: FloatColumn) -> IntColumn:
        """(n,) token counts for (n,) uniform numbers in [0, 1)."""
        log_variance = np.log1p(self.cv**2)
        exponent = np.sqrt(log_variance) * _normal_score(u) - log_variance / 2
        return _whole(self.mean * np.exp(exponent), self.min_tokens, self.max_tokens)


@dataclass(frozen=True)
class ExponentialLength:
    """Exponential: the service times of queueing theory.

    Attributes
    ----------
    mean: before rounding up to at least 1 (tokens).
    max_tokens: lengths beyond are set to this (tokens).
    """

    kind: ClassVar[str] = "exponential"
    mean: float
    max_tokens: int = MAX_TOKENS

    def __post_init__(self) -> None:
        require_positive("mean", self.mean)
        require_tokens("max_tokens", self.max_tokens)

    def draw(self, u: FloatColumn) -> IntColumn:
        """(n,) token counts for (n,) uniform numbers in [0, 1)."""
        return _whole(-self.mean * np.log1p(-u), 1, self.max_tokens)


@dataclass(frozen=True)
class QuantileLength:
    """A measured distribution: ``values[k]`` tokens at cumulative probability ``levels[k]``, linear between them.

    The least and greatest counts drawn are the whole numbers within the first and the last value.

    Attributes
    ----------
    levels: cumulative probabilities, rising from 0 to 1.
    values: lengths at these levels, never falling (tokens).
    """

    kind: ClassVar[str] = "quantiles"
    levels: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        levels, values = np.asarray(self.levels, dtype=float), np.asarray(self.values, dtype=float)
        if len(levels) != len(values) or len(levels) < 2:
            rule = f"needs one value per level and at least two (there are {len(levels)} levels)"
            raise InputError(rule, path="values", value=len(values))
        if levels[0] != 0 or levels[-1] != 1 or not np.all(np.diff(levels) > 0):
            raise InputError("must rise strictly from 0 to 1", path="levels", value=self.levels)
        if not (np.all(np.diff(values) >= 0) and values[0] >= 1 and values[-1] <= MAX_TOKENS):
            raise InputError(f"must not fall and must lie in 1..{MAX_TOKENS}", path="values", value=self.values)

    def draw(self, u: FloatColumn) -> IntColumn:
        """(n,) token counts for (n,) uniform numbers in [0, 1)."""
        low = math.ceil(self.values[0])
        return _whole(np.interp(u, self.levels, self.values), low, max(low, math.floor(self.values[-1])))


Lengths = FixedLength | UniformLength | NormalLength | LogNormalLength | ExponentialLength | QuantileLength

LENGTH_KINDS: dict[str, type[Lengths]] = {
    distribution.kind: distribution
    for distribution in (
        FixedLength,
        UniformLength,
        NormalLength,
        LogNormalLength,
        ExponentialLength,
        QuantileLength,
    )
}
"""Length distribution by the name it has in files."""


def correlated_uniforms(
    n: int, spearman: float, first: np.random.Generator, second: np.random.Generator, samples: int = 1
) -> tuple[FloatColumn, FloatColumn]:
    """Two columns of uniform numbers whose rank correlation is ``spearman``, through a Gaussian copula.

    The first has (n,), the second (n * samples,) numbers: those of row ``i`` of the first stand at ``i * samples``.

    The normal correlation that gives Spearman's s is ``2 sin(pi s / 6)`` (Pearson 1907). The first column does not
    depend on ``spearman``.
    """
    u, v = first.random(n), second.random(n * samples)
    if spearman == 0:
        return u, v
    from scipy.special import ndtr

    r = 2 * np.sin(np.pi * spearman / 6)
    tied = ndtr(r * _normal_score(np.repeat(u, samples)) + np.sqrt(max(0.0, 1 - r * r)) * _normal_score(v))
    return u, np.minimum(tied, np.nextafter(1.0, 0.0))


def _normal_score(u: FloatColumn) -> FloatColumn:
    """Standard normal quantile; an exact 0 counts as half the smallest step of the generator."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.maximum(u, 2.0**-54)))


def _whole(tokens: FloatColumn, low: int, high: int) -> IntColumn:
    return np.rint(np.clip(tokens, low, high)).astype(np.int64)


def _require_shape(distribution: NormalLength | LogNormalLength) -> None:
    require_positive("mean", distribution.mean)
    require_not_negative("cv", distribution.cv)
    require_tokens("min_tokens", distribution.min_tokens)
    require_tokens("max_tokens", distribution.max_tokens, least=distribution.min_tokens)
