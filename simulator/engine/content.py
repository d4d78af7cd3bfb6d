"""What a KV block holds, as a number: equal keys mean equal tokens from the start of the prompt to the block's end."""

from __future__ import annotations

from simulator.engine.request import Request
from simulator.workload.prefix_tree import PrefixPaths


class BlockContents:
    """Content keys of requests' full blocks.

    Prompts made of shared segments go through ``PrefixPaths``, which interns whole runs, so that a long prompt costs a
    range of integers. A prompt shared with nobody, and generated tokens nobody names, get a private negative range.
    """

    def __init__(self, block_size: int) -> None:
        self._block_size = block_size
        self._paths = PrefixPaths()

    def keys(self, request: Request, blocks: int) -> list[int]:
        """Keys of the first ``blocks`` blocks of the request's known tokens (prompt, then generated)."""
        keys = request.keys
        if keys is None or len(keys) < blocks:
            keys = request.keys = self._make(request, blocks)
        return keys if len(keys) == blocks else keys[:blocks]

    def _make(self, request: Request, blocks: int) -> list[int]:
        size = self._block_size
        private = -request.row - 1
        if request.segments is None and request.output_segment < 0:
            return list(range(private << 32, (private << 32) + blocks))
        segments = list(request.segments or [(private, request.prompt_tokens)])
        generated = blocks * size - request.prompt_tokens
        if generated > 0:
            named = request.output_segment if request.output_segment >= 0 else private
            segments.append((named, generated))
        return self._paths.block_keys(segments, size, blocks * size)
