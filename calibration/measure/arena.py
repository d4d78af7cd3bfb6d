"""Arena: one pool of random numbers per format, from which every operand is a view.

Placing an operand costs nothing, and successive calls of one case take places far apart: the pool is several times the
last-level cache, so that a call reads memory, as it does in a server whose other layers have run in between.
"""

from __future__ import annotations

import math
from typing import Any

CACHE_MULTIPLE = 4
MOST_VARIANTS = 32
_ALIGNMENT = 256
_PATTERN = 2**22
"""Elements drawn at random; the pool repeats them."""


class Arena:
    """See module. ``nbytes``: size of each pool; one call's operands of one format cannot need more."""

    def __init__(self, torch: Any, device: Any, nbytes: int) -> None:
        self._torch, self._device = torch, device
        self.nbytes = nbytes
        self._pools: dict[Any, Any] = {}

    def variants(self, call_bytes: float, cache_bytes: float) -> int:
        """How many places a case's calls rotate over: enough to exceed ``CACHE_MULTIPLE`` caches, at most 32.

        A small case touches less than that; the other cases of its wave evict it before it comes round again.
        """
        return max(1, min(MOST_VARIANTS, math.ceil(CACHE_MULTIPLE * cache_bytes / max(call_bytes, 1.0))))

    def take(self, dtype: Any, shape: tuple[int, ...], variant: int, variants: int, offset: int = 0) -> Any:
        """A view of ``shape``, ``offset`` bytes into the place of a variant; wraps round at the end of the pool."""
        width = self._torch.empty(0, dtype=dtype).element_size()
        size = math.prod(shape) * width
        if size > self.nbytes:
            raise MemoryError(f"an operand of {size:,} bytes exceeds the pool of {self.nbytes:,}")
        start = (variant * (self.nbytes // variants) + offset) % max(1, self.nbytes - size + 1)
        start = start // _ALIGNMENT * _ALIGNMENT // width
        return self._pool(dtype)[start : start + math.prod(shape)].view(shape)

    def _pool(self, dtype: Any) -> Any:
        if dtype not in self._pools:
            self._pools[dtype] = self._fill(dtype)
        return self._pools[dtype]

    def _fill(self, dtype: Any) -> Any:
        torch = self._torch
        elements = self.nbytes // torch.empty(0, dtype=dtype).element_size()
        generator = torch.Generator().manual_seed(0)
        if dtype == torch.int8:
            pattern = torch.randint(-127, 128, (_PATTERN,), dtype=torch.int8, generator=generator)
        else:
            pattern = torch.randn(_PATTERN, generator=generator).to(dtype)
        pattern = pattern.to(self._device)
        return pattern.repeat(-(-elements // _PATTERN))[:elements]
