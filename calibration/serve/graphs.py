"""Executor for CUDA: steps that only decode replay a graph captured for the next larger batch; others run eagerly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from calibration.serve.eager import EagerExecutor
from calibration.serve.model import Llama
from calibration.serve.paged_cache import PagedCache
from calibration.serve.slot_cache import Chunk


@dataclass
class _Captured:
    """A graph with the tensors it reads and writes."""

    graph: Any
    tokens: Any
    positions: Any
    where: Any
    used: Any
    table: Any
    drawn: Any


class GraphExecutor:
    """See ``calibration.serve.server.Executor``. ``sizes``: captured batch sizes, ascending."""

    def __init__(self, model: Llama, cache: PagedCache, torch: Any, device: Any, sizes: Sequence[int]) -> None:
        self._model, self._cache, self._torch, self._device = model, cache, torch, device
        self._eager = EagerExecutor(model, cache, torch, device)
        with torch.inference_mode():
            self._captured = {size: self._capture(size) for size in sizes}

    def run(self, chunks: Sequence[Chunk], tokens: Sequence[list[int]], samples: Sequence[bool]) -> list[int]:
        """See ``Executor``."""
        size = next((size for size in self._captured if size >= len(chunks)), None)
        if size is None or any(chunk.new > 1 for chunk in chunks):
            return self._eager.run(chunks, tokens, samples)
        padding = size - len(chunks)
        padded = [*chunks, *[Chunk(self._cache.scratch, 0, 1)] * padding]
        with self._torch.inference_mode():
            found = self._captured[size]
            self._fill(found, padded, [part[0] for part in tokens] + [0] * padding)
            found.graph.replay()
            drawn: list[int] = found.drawn[: len(chunks)].tolist()
        return [token for token, sampled in zip(drawn, samples, strict=True) if sampled]

    def _fill(self, found: _Captured, chunks: Sequence[Chunk], tokens: Sequence[int]) -> None:
        """Put a step's numbers where the graph reads them."""
        slots, before = self._tensor([c.slot for c in chunks]), self._tensor([c.before for c in chunks])
        found.tokens.copy_(self._tensor(tokens))
        found.positions.copy_(before)
        found.where.copy_(self._cache.places(slots, before))
        found.used.copy_(before + 1)
        found.table.copy_(self._cache.table([c.slot for c in chunks]))

    def _capture(self, size: int) -> _Captured:
        torch, cache = self._torch, self._cache
        scratch = [cache.scratch] * size
        tokens, positions = (torch.zeros(size, dtype=torch.long, device=self._device) for _ in range(2))
        where = cache.places(self._tensor(scratch), positions)
        used = torch.ones(size, dtype=torch.int32, device=self._device)
        starts = torch.arange(size + 1, dtype=torch.int32, device=self._device)
        table, rows = cache.table(scratch), torch.arange(size, device=self._device)

        def step() -> Any:
            cache.use(where, starts, used, table, longest_new=1)
            return self._model.next_tokens(tokens, positions, rows, cache)

        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            drawn = step()
        return _Captured(graph, tokens, positions, where, used, table, drawn)

    def _tensor(self, values: Any) -> Any:
        return self._torch.tensor(values, device=self._device)
