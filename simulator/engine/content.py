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
        own_prompt, own_output = -2 * request.row - 2, -2 * request.row - 3
        if request.segments is None and request.output_segment < 0:
            of_prompt = min(blocks, request.prompt_tokens // size)
            keys = list(range(own_prompt << 32, (own_prompt << 32) + of_prompt))
            keys.extend(range((own_output << 32) + of_prompt, (own_output << 32) + blocks))
            return keys
        segments = list(request.segments or [(own_prompt, request.prompt_tokens)])
        generated = blocks * size - request.prompt_tokens
        if generated > 0:
            named = request.output_segment if request.output_segment >= 0 else own_output
            segments.append((named, generated))
        return self._paths.block_keys(segments, size, blocks * size)
