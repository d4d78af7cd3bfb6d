"""Units of prefill attention: how a library cuts a call into tiles of query rows, each of which walks through its KV.

* ``packed-128`` - FlashAttention-3 (Hopper): the query heads of a KV head share a tile of 128 rows (PackGQA), 192 for
  head sizes up to 64.
* ``plain-64`` - FlashAttention-2 over a paged cache (its split kernel): 64 rows of one query head, KV blocks of
  32 KiB per operand, that is 128 tokens at head size 128 and 256 at 64.
* ``plain-256`` - TensorRT-LLM kernels on Blackwell: two tiles of 128 rows of one query head.

The plain ones pack the query heads of a KV head only where every sequence has a single new token. Which rule a device's
fits name is what describes its rows best; it is no claim about the kernel that ran.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SMALL_HEAD = 64
"""Head size up to which tiles have a shape of their own."""


@dataclass(frozen=True)
class AttentionTiles:
    """``rows``: query rows of a unit; ``kv_tokens``: KV tokens of a block; each with its value for head sizes up to
    ``SMALL_HEAD``. ``packs``: whether query heads of one KV head share a unit."""

    rows: int
    small_head_rows: int
    kv_tokens: int
    small_head_kv_tokens: int
    packs: bool


RULES: Mapping[str, AttentionTiles] = {
    "packed-128": AttentionTiles(128, 192, 128, 128, packs=True),
    "plain-64": AttentionTiles(64, 64, 128, 256, packs=False),
    "plain-256": AttentionTiles(256, 256, 128, 128, packs=False),
}
