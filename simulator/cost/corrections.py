"""Corrections: the residuals of a device's closed forms, prepared for the layers of a deployment.

One ``FactorGrid`` per kernel class and layer shape, made when first asked for and kept. No grid where the device has no
residual for the kernel class and number format: the closed form speaks alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping

import numpy as np
import numpy.typing as npt

from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.cost.decode_overlap import running_seconds
from simulator.cost.factor_grid import FactorGrid, Sizes, half_octaves, held, octaves, rising, rising_between
from simulator.cost.prefill_form import PrefillAttentionForm
from simulator.hardware.residuals import Residual
from simulator.operators.features import QUERY_TILE

Floats = npt.NDArray[np.float64]

INSIDE = 0.5
"""A correction speaks for a shape when a centre lies so near that its bump is at least this high there."""

_ROWS = half_octaves(20)[half_octaves(20) != 24]
"""Rows, tokens, ... of one call. Without 24, the one knot above 16 that is no multiple of 16: some kernels are slower
there, and a correction of such sizes must not reach into their neighbourhood."""
_BYTES = octaves(32)
_DECODE_SEQUENCES, _DECODE_KV = half_octaves(13), half_octaves(21)
_PREFILL_SEQUENCES, _PREFILL_TOKENS, _PREFILL_KV_PER_TOKEN = octaves(10), octaves(17), octaves(12)
_CHUNKS, _CHUNK_KV = _PREFILL_SEQUENCES[:, None, None], _PREFILL_TOKENS * _PREFILL_KV_PER_TOKEN[:, None]
_SLOPE_STEP = 1e-3

_KV_HEADS = -2
"""Coordinate of the KV heads in the residuals of both attention classes."""

_SAME_KERNELS = {"fp16": "bf16"}
"""Number formats whose kernels share constants, and so residuals."""


class Corrections:
    """Factors on closed-form seconds; ``residuals`` as in ``KernelFits``."""

    def __init__(self, residuals: Mapping[tuple[str, str], Residual]) -> None:
        self._residuals = residuals
        self._grids: dict[Hashable, FactorGrid] = {}

    def residual(self, part: str, dtype: str = "") -> Residual | None:
        """The residual of a kernel class and number format, None without one."""
        return self._residuals.get((part, dtype)) or self._residuals.get((part, _SAME_KERNELS.get(dtype, dtype)))

    def speaks(self, part: str, dtype: str, shape: tuple[float, ...]) -> bool:
        """Whether a shape (coordinates as in ``COORDINATES``) lies among those a residual was fitted to."""
        residual = self.residual(part, dtype)
        return residual is not None and _nearness(residual, np.log2(np.asarray(shape, dtype=np.float64))) >= INSIDE

    def rows(
        self, part: str, dtype: str, fixed: tuple[float, ...], closed: Callable[[Floats], Sizes]
    ) -> FactorGrid | None:
        """One axis: rows (tokens, bytes) of a call, the other coordinates ``fixed``. ``closed``: rows -> seconds."""
        return self._along(_ROWS, part, dtype, fixed, closed)

    def bytes(self, part: str, world_size: int, closed: Callable[[Floats], Sizes]) -> FactorGrid | None:
        """One axis: bytes of a collective."""
        return self._along(_BYTES, part, "", (world_size,), closed)

    def _along(
        self, knots: Floats, part: str, dtype: str, fixed: tuple[float, ...], closed: Callable[[Floats], Sizes]
    ) -> FactorGrid | None:
        residual = self.residual(part, dtype)
        if residual is None:
            return None

        def build() -> FactorGrid:
            factors = _factors(residual, knots, *fixed)
            return FactorGrid((knots,), held(factors, rising(np.asarray(closed(knots)))))

        return self._kept((part, dtype, fixed), build)

    def decode(
        self,
        dtype: str,
        heads: int,
        kv_heads: int,
        head_dim: int,
        form: DecodeAttentionForm,
        multiplier: float = 1.0,
        overlap: float = 0.0,
    ) -> FactorGrid | None:
        """Two axes: sequences, mean KV tokens per sequence. ``overlap`` as in ``running_seconds``.

        Seconds never fall as KV grows. Times the engine's ``multiplier`` they are never below those of reading the KV.
        """
        residual = self.residual("decode_attention", dtype)
        if residual is None:
            return None

        def build() -> FactorGrid:
            fold = _fold(residual, kv_heads)
            sequences = fold * _DECODE_SEQUENCES[:, None]
            factors = _factors(residual, sequences, _DECODE_KV, heads / fold, kv_heads / fold, head_dim)
            return _decode_grid(factors, form, multiplier, overlap)

        return self._kept(("decode_attention", dtype, heads, kv_heads, head_dim), build)

    def latent_decode(
        self, dtype: str, heads: int, form: DecodeAttentionForm, multiplier: float = 1.0
    ) -> FactorGrid | None:
        """As ``decode``, of absorbed latent attention; its kernels even out contexts of different lengths."""
        residual = self.residual("latent_decode", dtype)
        if residual is None:
            return None

        def build() -> FactorGrid:
            factors = _factors(residual, _DECODE_SEQUENCES[:, None], _DECODE_KV, heads)
            return _decode_grid(factors, form, multiplier, overlap=0.0)

        return self._kept(("latent_decode", dtype, heads), build)

    def prefill(
        self, dtype: str, heads: int, kv_heads: int, head_dim: float, form: PrefillAttentionForm
    ) -> FactorGrid | None:
        """Three axes: sequences, mean new tokens per sequence, KV tokens per new token (1 without cached context)."""
        residual = self.residual("prefill_attention", dtype)
        if residual is None:
            return None

        def build() -> FactorGrid:
            fold = _fold(residual, kv_heads)
            shape = (heads / fold, kv_heads / fold, head_dim)
            return _prefill_grid(_factors(residual, fold * _CHUNKS, _PREFILL_TOKENS, _CHUNK_KV, *shape), form)

        return self._kept(("prefill_attention", dtype, heads, kv_heads, head_dim), build)

    def latent_prefill(self, dtype: str, heads: int, form: PrefillAttentionForm) -> FactorGrid | None:
        """As ``prefill``, over heads expanded from latents."""
        residual = self.residual("latent_prefill", dtype)
        if residual is None:
            return None

        def build() -> FactorGrid:
            return _prefill_grid(_factors(residual, _CHUNKS, _PREFILL_TOKENS, _CHUNK_KV, heads), form)

        return self._kept(("latent_prefill", dtype, heads), build)

    def _kept(self, key: Hashable, build: Callable[[], FactorGrid]) -> FactorGrid:
        if key not in self._grids:
            self._grids[key] = build()
        return self._grids[key]


def _decode_grid(factors: Floats, form: DecodeAttentionForm, multiplier: float, overlap: float) -> FactorGrid:
    """Factors of timed calls, at the knots of sequences and KV, as those of a running batch; seconds never fall."""
    sequences = _DECODE_SEQUENCES[:, None]
    kv_tokens = sequences * _DECODE_KV
    lines = form.lines(sequences, sequences)
    timed_s = np.asarray(lines.at(kv_tokens))
    running_s = running_seconds(factors * timed_s, overlap, form, sequences, _DECODE_KV)
    least_s = form.least_seconds(kv_tokens) / multiplier
    factors = np.maximum(running_s, least_s) / timed_s
    # Waves are whole: what is least at the next knot of sequences is so at any number between the two.
    stairs = lines._replace(least=np.append(lines.least[1:], lines.least[-1:], axis=0))
    at_knots, step = np.asarray(stairs.at(kv_tokens)), np.diff(kv_tokens)
    above = (stairs.at(kv_tokens[:, :-1] + _SLOPE_STEP * step) - at_knots[:, :-1]) / _SLOPE_STEP
    below = (at_knots[:, 1:] - stairs.at(kv_tokens[:, 1:] - _SLOPE_STEP * step)) / _SLOPE_STEP
    ratio = rising_between(at_knots, np.maximum(np.minimum(above, below), 0.0))
    # Between two numbers of sequences both their rows speak: each holds what the stricter one demands.
    around = np.pad(ratio, ((1, 1), (0, 0)), mode="edge")
    strictest = np.maximum.reduce([around[:-2], ratio, around[2:]])
    return FactorGrid((_DECODE_SEQUENCES, _DECODE_KV), held(factors, strictest))


def _prefill_grid(factors: Floats, form: PrefillAttentionForm) -> FactorGrid:
    """Factors at the knots of sequences, KV per token and tokens, held so that seconds never fall with the tokens."""
    tokens, kv = _PREFILL_TOKENS, _CHUNK_KV
    pairs = tokens * (kv - tokens) + tokens * (tokens + 1) / 2
    tiles = np.ceil(tokens / QUERY_TILE)
    seconds = form.seconds(_CHUNKS, _CHUNKS * tokens, _CHUNKS * pairs, _CHUNKS * kv, _CHUNKS * tiles)
    values = held(factors, rising(np.asarray(seconds))).swapaxes(1, 2)
    return FactorGrid((_PREFILL_SEQUENCES, _PREFILL_TOKENS, _PREFILL_KV_PER_TOKEN), values)


def _fold(residual: Residual, kv_heads: float) -> float:
    """How many times more KV heads a call has than any that was timed; 1 within the timed ones.

    Attention works in units of one sequence and KV head, so that a call on ``f`` times the KV heads is one on ``f``
    times the sequences with the most KV heads timed (32 KV heads of a multi-head layer: four times as many of 8).
    """
    most = 2.0 ** float(residual.centres[:, _KV_HEADS].max())
    return max(1.0, kv_heads / most)


def _factors(residual: Residual, *shape: Sizes) -> Floats:
    """Factors at shapes whose coordinates broadcast."""
    logs = [np.log2(np.asarray(size, dtype=np.float64)) for size in shape]
    return np.asarray(np.exp(residual.log_factor(np.stack(np.broadcast_arrays(*logs), axis=-1))))


def _nearness(residual: Residual, log2_shape: Floats) -> float:
    """Height of the nearest centre's bump, 0..1."""
    distance = float(np.sqrt((((log2_shape - residual.centres) / residual.scales) ** 2).sum(axis=1)).min())
    return (1.0 + math.sqrt(3.0) * distance) * math.exp(-math.sqrt(3.0) * distance)
