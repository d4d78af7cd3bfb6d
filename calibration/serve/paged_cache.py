"""KV cache in pages, attended by one variable-length flash kernel for the whole step (CUDA, torch 2.12 and later).

Each slot owns a fixed run of pages. The step's inputs live in tensors of fixed size that are filled in place, so that a
captured graph reads the next step's numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calibration.measure.kernels.attention import PAGE
from calibration.serve.shape import LlamaShape
from calibration.serve.slot_cache import Chunk


class PagedCache:
    """Keys and values as (pages, 256, KV heads, head size) per layer. The last slot is a scratch one for padding."""

    def __init__(self, shape: LlamaShape, slots: int, torch: Any, device: Any) -> None:
        from torch.nn.attention.varlen import varlen_attn

        self._torch, self._device, self._varlen = torch, device, varlen_attn
        self._pages = -(-shape.max_position_embeddings // PAGE)
        self._longest = self._pages * PAGE
        self.scratch = slots
        sizes = ((slots + 1) * self._pages, PAGE, shape.num_key_value_heads, shape.head_dim)
        layers = range(shape.num_hidden_layers)
        self._keys = [torch.zeros(sizes, dtype=torch.bfloat16, device=device) for _ in layers]
        self._values = [torch.zeros(sizes, dtype=torch.bfloat16, device=device) for _ in layers]
        self._grouped = shape.num_attention_heads != shape.num_key_value_heads
        self._where: Any = None
        self._options: dict[str, Any] = {}
        self._starts: Any = None
        self._longest_new = 1

    def begin(self, chunks: Sequence[Chunk], positions: Any) -> None:
        """Prepare a step with tensors of its own."""
        first = [chunk.slot * self._longest for chunk in chunks for _ in range(chunk.new)]
        slots, used = [chunk.slot for chunk in chunks], [chunk.before + chunk.new for chunk in chunks]
        starts = [0]
        for chunk in chunks:
            starts.append(starts[-1] + chunk.new)
        self.use(
            self._tensor(first) + positions,
            self._tensor(starts).int(),
            self._tensor(used).int(),
            self.table(slots),
            longest_new=max(chunk.new for chunk in chunks),
        )

    def use(self, where: Any, starts: Any, used: Any, table: Any, *, longest_new: int) -> None:
        """The step's tensors: (t,) place of each token in the flattened cache, (b + 1,) first token of each sequence,
        (b,) KV tokens of each, (b, pages) their pages."""
        self._where, self._starts, self._longest_new = where, starts, longest_new
        self._options = {"seqused_k": used, "block_table": table, "enable_gqa": self._grouped, "window_size": (-1, 0)}

    def places(self, slots: Any, positions: Any) -> Any:
        """Place in the flattened cache of one token per slot."""
        return slots * self._longest + positions

    def table(self, slots: Sequence[int]) -> Any:
        """Pages of the slots, one row each."""
        return self._tensor([[slot * self._pages + page for page in range(self._pages)] for slot in slots]).int()

    def attend(self, layer: int, queries: Any, keys: Any, values: Any) -> Any:
        """See ``calibration.serve.model.Attention``."""
        held_keys, held_values = self._keys[layer], self._values[layer]
        held_keys.flatten(0, 1).index_copy_(0, self._where, keys)
        held_values.flatten(0, 1).index_copy_(0, self._where, values)
        found = self._varlen(
            queries, held_keys, held_values, self._starts, None, self._longest_new, self._longest, **self._options
        )
        return found.flatten(1)

    def _tensor(self, values: Any) -> Any:
        return self._torch.tensor(values, device=self._device)
