"""Names for prompt prefixes: which KV blocks of which requests hold the same tokens.

A prompt is a list of runs ``(segment, tokens)``; a run starts its segment at the segment's token 0. Requests that
share a prefix walk the same *path*: a path is a run together with everything in front of it, and is interned to a
small integer. A block is named by the path that holds its last token and by its index, so one run of a thousand blocks
costs one dictionary lookup, and no token is ever hashed.
"""

from __future__ import annotations

from collections.abc import Sequence

ROOT = 0
"""Path of the empty prefix."""

_INDEX_BITS = 32

Segments = Sequence[tuple[int, int]]
"""Runs of a prompt: (segment id >= 0, tokens >= 1)."""


class PrefixPaths:
    """Interns paths. Keys of two instances must not be mixed.

    Two requests' block ``i`` have equal keys exactly when their tokens ``0 .. (i + 1) * block_size - 1`` agree.
    """

    def __init__(self) -> None:
        self._paths: dict[tuple[int, int, int], int] = {}
        self._last_path = ROOT

    def extend(self, path: int, segment: int, start: int) -> int:
        """Path of a run of ``segment`` that begins at token ``start`` of the request, behind ``path``.

        Serves prompts and generated tokens alike: a later prompt that names the segment of an earlier answer, after
        the same prompt, comes upon the same path.
        """
        key = (path, segment, start)
        known = self._paths.get(key)
        if known is None:
            known = self._paths[key] = self.fresh()
        return known

    def fresh(self) -> int:
        """A path nobody else will ever be on: a unique prompt, or generated tokens that no prompt names."""
        self._last_path += 1
        return self._last_path

    def runs(self, segments: Segments) -> list[tuple[int, int]]:
        """The paths of a prompt in order, each as ``(path, end)``, ``end`` being the token behind its run."""
        path, start, found = ROOT, 0, []
        for segment, tokens in segments:
            path = self.extend(path, segment, start)
            start += tokens
            found.append((path, start))
        return found

    def block_keys(self, segments: Segments, block_size: int, up_to_tokens: int) -> list[int]:
        """Keys of the full blocks within the first ``up_to_tokens`` tokens of a prompt, in order."""
        return run_block_keys(self.runs(segments), block_size, up_to_tokens)


def run_block_keys(
    runs: Sequence[tuple[int, int]], block_size: int, up_to_tokens: int, first_block: int = 0
) -> list[int]:
    """Keys of the full blocks ``first_block ..`` within the first ``up_to_tokens`` tokens of a request.

    ``runs`` are ``(path, end)`` pairs in order (of the prompt, and of generated tokens when there are any). The key of
    block ``i`` is ``path << 32 | i`` for the path that holds its last token.
    """
    keys: list[int] = []
    for path, end in runs:
        last = min(end, up_to_tokens) // block_size
        if last > first_block:
            name = path << _INDEX_BITS
            keys.extend(range(name + first_block, name + last))
            first_block = last
    return keys
