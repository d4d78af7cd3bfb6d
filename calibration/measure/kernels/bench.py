"""Bench: what a builder needs to make the calls of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calibration.measure.arena import Arena
from calibration.measure.case import Case, Unsupported
from calibration.measure.work import stored_bytes

Call = Callable[[], Any]
"""One kernel call; returns its output, so that a lazy backend cannot drop it."""

Builder = Callable[["Bench", Case], list[Call]]


@dataclass
class Bench:
    """``torch``: the module; ``device``: its device; ``cache_bytes``: last-level cache."""

    torch: Any
    device: Any
    arena: Arena
    cache_bytes: float

    def dtype(self, name: str) -> Any:
        """The torch dtype of a format's name. Raises ``Unsupported`` when this torch has none."""
        found = getattr(self.torch, _DTYPES[name], None)
        if found is None:
            raise Unsupported(f"torch {self.torch.__version__} has no {_DTYPES[name]}")
        return found

    def variants(self, case: Case) -> int:
        """Places the calls of a case rotate over."""
        return self.arena.variants(stored_bytes(case), self.cache_bytes)

    def taker(self, variant: int, variants: int) -> Taker:
        """Operands of one call, placed one after the other."""
        return Taker(self.arena, variant, variants)


class Taker:
    """Hands out operands of one call."""

    def __init__(self, arena: Arena, variant: int, variants: int) -> None:
        self._arena, self._variant, self._variants = arena, variant, variants
        self._offset = 0

    def __call__(self, dtype: Any, *shape: int) -> Any:
        """A view of the next bytes of the call's place."""
        view = self._arena.take(dtype, shape, self._variant, self._variants, self._offset)
        self._offset += view.numel() * view.element_size()
        return view


_DTYPES = {
    "fp32": "float32",
    "tf32": "float32",
    "bf16": "bfloat16",
    "fp16": "float16",
    "fp8": "float8_e4m3fn",
    "int8": "int8",
}
