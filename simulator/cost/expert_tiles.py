"""Tiles of grouped expert multiplies: which shapes a library launches for the tokens of a call.

* ``best`` - the best of many shapes: tuned Triton kernels, CUTLASS grouped multiplies.
* ``vllm-0.14`` - vLLM's Triton kernel without a tuned file, up to 0.15 (``get_default_config`` of ``fused_moe.py``):
  narrow tiles while tokens are no more than experts, then 64 x 64 whatever the size.
* ``vllm-0.16`` - the same since 0.16 (vllm-project/vllm#34846): tiles grow with the tokens.
* ``vllm-block`` - its default for 8-bit weights scaled in 128 x 128 blocks, which fix two sides of the tile.
* ``trtllm-gen`` - TensorRT-LLM's kernels on Blackwell: the best height from 8 rows on; the inner width is padded.

Which rule a device's fits name is what describes its rows best; it is no claim about the kernel that ran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Sizes = Any


class ExpertTile(NamedTuple):
    """``rows`` x ``columns`` of one expert's output that a thread block computes, ``depth`` of K at a time."""

    rows: Sizes
    columns: Sizes
    depth: Sizes


ANY_TILE = tuple(ExpertTile(rows, columns, 64) for rows in (8, 16, 32, 64, 128) for columns in (64, 128))
"""What is tried where the best shape counts."""

_PADDED_INNER = 128
"""Multiple to which TensorRT-LLM's kernels pad the inner width of an expert, weights included."""


def _until_0_15(tokens: Sizes, experts: Sizes) -> ExpertTile:
    few = tokens <= experts
    return ExpertTile(np.where(few, 16, 64), np.where(few, 32, 64), np.where(few, 64, 32))


def _since_0_16(tokens: Sizes, experts: Sizes) -> ExpertTile:
    rows = np.where(tokens <= 32, 16, np.where(tokens <= 96, 32, np.where(tokens <= 512, 64, 128)))
    small = tokens <= 64
    return ExpertTile(rows, np.where(small, 64, 128), np.where(small, 128, 64))


def _blocks(tokens: Sizes, experts: Sizes) -> ExpertTile:
    return ExpertTile(np.where(tokens <= 64, 16, 64), 128, 128)


DEFAULT_TILES: Mapping[str, Callable[[Sizes, Sizes], ExpertTile]] = {
    "vllm-0.14": _until_0_15,
    "vllm-0.16": _since_0_16,
    "vllm-block": _blocks,
}
"""Rule -> (tokens, experts on the rank) -> the one tile that untuned shapes get."""


def padded_inner(rule: str, inner: Sizes) -> Sizes:
    """Inner width as the library computes it."""
    return np.ceil(inner / _PADDED_INNER) * _PADDED_INNER if rule == "trtllm-gen" else inner
