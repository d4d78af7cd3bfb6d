"""KV cache of one contiguous slot per sequence, attended one sequence at a time: the way without a paged kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from calibration.measure.kernels.attention import causal_mask
from calibration.serve.shape import LlamaShape


class Chunk(NamedTuple):
    """One sequence's part of a step: ``new`` tokens on top of ``before``, in cache slot ``slot``."""

    slot: int
    before: int
    new: int


class SlotCache:
    """Keys and values as (slots, KV heads, longest sequence, head size) per layer."""

    def __init__(self, shape: LlamaShape, slots: int, torch: Any, device: Any) -> None:
        self._torch, self._device = torch, device
        sizes = (slots, shape.num_key_value_heads, shape.max_position_embeddings, shape.head_dim)
        layers = range(shape.num_hidden_layers)
        self._keys = [torch.zeros(sizes, dtype=torch.bfloat16, device=device) for _ in layers]
        self._values = [torch.zeros(sizes, dtype=torch.bfloat16, device=device) for _ in layers]
        self._grouped = shape.num_attention_heads != shape.num_key_value_heads
        self._attend = torch.nn.functional.scaled_dot_product_attention
        self._chunks: Sequence[Chunk] = ()
        self._slots: Any = None
        self._positions: Any = None
        self._masks: list[dict[str, Any]] = []

    def begin(self, chunks: Sequence[Chunk], positions: Any) -> None:
        """Prepare a step; ``positions``: (t,) places of its tokens, chunk after chunk."""
        torch = self._torch
        self._chunks, self._positions = chunks, positions
        self._slots = torch.tensor([c.slot for c in chunks for _ in range(c.new)], device=self._device)
        self._masks = [self._mask(chunk) for chunk in chunks]

    def _mask(self, chunk: Chunk) -> dict[str, Any]:
        if chunk.new == 1:
            return {}
        if chunk.before == 0:
            return {"is_causal": True}
        return {"attn_mask": causal_mask(self._torch, chunk.new, chunk.before + chunk.new, self._device)}

    def attend(self, layer: int, queries: Any, keys: Any, values: Any) -> Any:
        """See ``calibration.serve.model.Attention``."""
        held_keys, held_values = self._keys[layer], self._values[layer]
        held_keys[self._slots, :, self._positions] = keys
        held_values[self._slots, :, self._positions] = values
        parts, first = [], 0
        for chunk, mask in zip(self._chunks, self._masks, strict=True):
            end = chunk.before + chunk.new
            rows = queries[first : first + chunk.new].transpose(0, 1)[None]
            slot = slice(chunk.slot, chunk.slot + 1)
            found = self._attend(
                rows, held_keys[slot, :, :end], held_values[slot, :, :end], enable_gqa=self._grouped, **mask
            )
            parts.append(found[0].transpose(0, 1))
            first += chunk.new
        return self._torch.cat(parts).flatten(1)
