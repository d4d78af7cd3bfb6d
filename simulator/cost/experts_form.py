"""The closed form of routed experts: two grouped multiplies and the small kernels around them.

One layer's experts are a sort of the rows by expert, the multiply into the inner width (gate and up side by side), the
activation, the multiply back, and the weighted sum over each token's experts (vLLM ``fused_experts_impl``). The two
multiplies have grids of their own; their tiles follow the library (``expert_tiles``, ``tuned_experts``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.cost.expert_tiles import ANY_TILE, DEFAULT_TILES, ExpertTile, padded_inner
from simulator.cost.kernels import US, from_memory, p_norm
from simulator.cost.tuned_experts import is_tuned
from simulator.hardware.kernel_constants import MoEFit
from simulator.hardware.profile import HardwareProfile

Sizes = Any
"""A float or an array of floats; the forms are written for both."""

_STEP_DEPTH = 128
_ALIGNED_WIDTH = 16
"""Elements: Triton loads strides that are no multiple of it one by one."""
_SORTED_FROM = 4
"""vLLM sorts rows by expert from a quarter of a row per expert on; fewer rows are a block each (SPARSITY_FACTOR)."""
_ONE_TILE_ROWS = 8
_CACHE_STEEPNESS = 10.0


def moe_seconds(
    fit: MoEFit,
    device: HardwareProfile,
    *,
    tokens: Sizes,
    hidden_size: Sizes,
    intermediate_size: Sizes,
    num_matrices: Sizes,
    num_experts: Sizes,
    experts_per_token: Sizes,
    touched_experts: Sizes,
    math_dtype: str,
    bytes_per_weight: float,
    bytes_per_activation: float,
    repeated: bool = False,
    blocks_of: Callable[[Sizes], Sizes] | None = None,
) -> Sizes:
    """All routed experts of one layer on one rank; only the weights of experts touched are read.

    ``t = t0 + sort + steps (h + f) + (row passes R + token passes T) h b_a / BW + up + down``, R = T k rows; ``sort``
    from R > E / 4 on. ``up`` and ``down``: ``_Multiplies``. ``repeated``: nothing else passes through the
    cache between two calls, as in a table (``from_memory``). ``blocks_of``: tile rows -> tiles of that height over all
    experts, where rows are not spread evenly; the default is ``touched ceil(R / touched / height)``.
    """
    rows = tokens * experts_per_token
    inner = padded_inner(fit.tiles, intermediate_size)

    def even_blocks(height: Sizes) -> Sizes:
        return touched_experts * np.ceil(rows / touched_experts / height)

    multiplies = _Multiplies(
        fit, device, tokens, rows, touched_experts, hidden_size, inner, num_matrices, device.peak(math_dtype),
        bytes_per_weight, bytes_per_activation, repeated, blocks_of or even_blocks,
    )  # fmt: skip
    default = DEFAULT_TILES.get(fit.tiles)
    if default is None:
        seconds = multiplies.seconds(ANY_TILE)
    else:
        seconds = multiplies.seconds((default(tokens, num_experts),), untuned=True)
        tuned = is_tuned(device.name, math_dtype, num_experts, intermediate_size)
        if fit.tiles != "vllm-block" and np.any(tuned):
            seconds = np.where(tuned, multiplies.seconds(ANY_TILE), seconds)
    passes = fit.row_passes * rows + fit.token_passes * tokens
    beside = passes * hidden_size * bytes_per_activation / device.memory_bytes_per_s
    sort = fit.sort_us * US * (rows * _SORTED_FROM > num_experts)
    steps = fit.step_ns * 1e-9 * (hidden_size + inner) / _STEP_DEPTH
    return fit.latency_us * US + sort + steps + beside + seconds


@dataclass(frozen=True)
class _Multiplies:
    """The two grouped multiplies of a call."""

    fit: MoEFit
    device: HardwareProfile
    tokens: Sizes
    rows: Sizes
    touched: Sizes
    hidden: Sizes
    inner: Sizes
    num_matrices: Sizes
    peak: float
    bytes_per_weight: float
    bytes_per_activation: float
    repeated: bool
    blocks_of: Callable[[Sizes], Sizes]

    def seconds(self, tiles: Sequence[ExpertTile], *, untuned: bool = False) -> Sizes:
        """Both, each in the best of the tiles: into the inner width, whose tokens are gathered from all, and back."""
        unaligned = self.fit.unaligned_loss * (self.inner % _ALIGNED_WIDTH != 0)
        width = (self.num_matrices - 1) * self.inner
        up = self._one(tiles, width, self.hidden, self._gathering(self.tokens * self.hidden) if untuned else 1.0)
        down = self._one(tiles, self.hidden, self.inner, self._gathering(self.rows * self.inner) if untuned else 1.0)
        return up + down * (1 + unaligned)

    def _one(self, tiles: Sequence[ExpertTile], n: Sizes, k: Sizes, loss: Sizes) -> Sizes:
        """``pn(compute, (touched N K b_w + R (N + K) b_a) / (em BW); p) * spill`` of one multiply."""
        compute: Sizes = np.inf
        for tile in tiles:
            compute = np.minimum(compute, self._compute(tile, n, k, loss))
        weights = n * k * self.bytes_per_weight
        moved = self.touched * weights + self.rows * (n + k) * self.bytes_per_activation
        memory = moved * self._from_memory / (self.fit.memory_share * self.device.memory_bytes_per_s)
        spill = self.fit.spill_loss * _beyond(weights / self.device.l2_bytes)
        spill = spill * (self.rows > _ONE_TILE_ROWS * self.touched)
        return p_norm(compute, memory, self.fit.sharpness) * (1 + spill)

    def _compute(self, tile: ExpertTile, n: Sizes, k: Sizes, loss: Sizes) -> Sizes:
        """``2 blocks BM N K / (ec P) (1 + e/BM + e/BN) loss + CTAs t_tile / SMs``, with N and K in whole tiles."""
        columns, depth = np.ceil(n / tile.columns), np.ceil(k / tile.depth) * tile.depth
        ctas = self.blocks_of(tile.rows) * columns
        edges = 1 + self.fit.edge_rows * (1 / tile.rows + 1 / tile.columns)
        flops = 2.0 * ctas * tile.rows * tile.columns * depth
        math = flops / (self.fit.math_share * self.peak) * edges * loss
        return math + ctas / self.device.multiprocessors * self.fit.tile_ns * 1e-9

    def _gathering(self, elements: Sizes) -> Sizes:
        """Loss of a default tile whose rows are gathered from a matrix of so many elements."""
        beyond = _beyond((elements * self.bytes_per_activation / self.device.l2_bytes) ** 2)
        return self.fit.default_loss * (1 + self.fit.gather_loss * beyond)

    @cached_property
    def _from_memory(self) -> Sizes:
        """Share of the traffic that the last-level cache does not keep from one call to the next."""
        if not self.repeated:
            return 1.0
        weights = 1.0 * self.num_matrices * self.hidden * self.inner
        activations = self.rows * (2.0 * self.hidden + self.num_matrices * self.inner) * self.bytes_per_activation
        moved = self.touched * weights * self.bytes_per_weight + activations
        return from_memory(self.fit.cached_share, moved, self.device.l2_bytes, steepness=_CACHE_STEEPNESS)


def _beyond(ratio: Sizes) -> Sizes:
    """0 for what is small beside a cache, 1 for what is large."""
    return ratio / (1 + ratio)
