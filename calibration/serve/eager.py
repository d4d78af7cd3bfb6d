"""Executor that launches every kernel of a step from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from calibration.serve.model import Attention, Llama
from calibration.serve.slot_cache import Chunk


class StepCache(Attention, Protocol):
    """A cache that is told of a step before its layers run."""

    def begin(self, chunks: Sequence[Chunk], positions: Any) -> None:
        """Prepare a step; ``positions``: (t,) places of its tokens, chunk after chunk."""


class EagerExecutor:
    """See ``calibration.serve.server.Executor``."""

    def __init__(self, model: Llama, cache: StepCache, torch: Any, device: Any) -> None:
        self._model, self._cache, self._torch, self._device = model, cache, torch, device

    def run(self, chunks: Sequence[Chunk], tokens: Sequence[list[int]], samples: Sequence[bool]) -> list[int]:
        """See ``Executor``."""
        with self._torch.inference_mode():
            ids, positions, sampled = self._inputs(chunks, tokens, samples)
            self._cache.begin(chunks, positions)
            drawn: list[int] = self._model.next_tokens(ids, positions, sampled, self._cache).tolist()
        return drawn

    def _inputs(self, chunks: Sequence[Chunk], tokens: Sequence[list[int]], samples: Sequence[bool]) -> Any:
        """Token ids and positions of the step, and the index of each sampling chunk's last token."""
        ids = [token for part in tokens for token in part]
        positions = [place for chunk in chunks for place in range(chunk.before, chunk.before + chunk.new)]
        ends, end = [], 0
        for chunk, sampled in zip(chunks, samples, strict=True):
            end += chunk.new
            if sampled:
                ends.append(end - 1)
        return (self._torch.tensor(values, device=self._device) for values in (ids, positions, ends))
