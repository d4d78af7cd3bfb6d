"""Constants of the kernels of latent attention (MLA). Units as in ``kernel_constants``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LatentDecodeFit:
    """Absorbed decode attention over latents (``latent_form.LatentDecodeForm``), by format of the KV cache.

    ``math_share``: reachable share of the math peak of ``latent_math``. ``sharpness``: exponent of the p-norm that
    joins a token's math and bytes. The others are those of ``DecodeAttentionFit``, for one KV head that all query heads
    share.
    """

    memory_share: float
    math_share: float
    sharpness: float
    latency_us: float
    unit_us: float
    block_us: float
    ramp_us: float
    ramp_exponent: float
    split_us: float
    merge_us: float
    query_passes: float


@dataclass(frozen=True)
class AbsorbedFit:
    """Multiplies of each head by its own matrix (``absorbed_form.absorbed_seconds``): queries into the latent, outputs
    out of it.

    ``cached_share``: share of the traffic that the last-level cache saves where a table repeats a call and all of it
    fits.
    """

    math_share: float
    memory_share: float
    latency_us: float
    sharpness: float
    cached_share: float
