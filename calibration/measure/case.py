"""Case: one kernel call to time - kernel class, number format, kernel library and shape, in the schema's columns."""

from __future__ import annotations

from dataclasses import dataclass

from calibration.schema import OPS

SHAPE_COLUMNS: tuple[str, ...] = (*dict.fromkeys(name for op in OPS.values() for name in op.shape), "kv_dtype")
"""Schema columns that may belong to a shape."""


class Unsupported(Exception):
    """This device, or this build of the library, cannot run a case; the message says why in one line."""


@dataclass(frozen=True)
class Case:
    """One call.

    ``op``: a key of ``calibration.schema.OPS``; ``dtype``: format multiplied in, "" when the class has none;
    ``kernel``: kernel library; ``mode``: ``graph`` or ``eager``; ``shape``: (column, size) pairs; ``distribution``: how
    tokens choose experts.
    """

    op: str
    dtype: str
    kernel: str
    mode: str
    shape: tuple[tuple[str, int], ...]
    distribution: str = ""

    @classmethod
    def of(
        cls,
        op: str,
        dtype: str = "",
        *,
        kernel: str = "torch",
        mode: str = "eager",
        distribution: str = "",
        **shape: int,
    ) -> Case:
        """A case from its columns by name."""
        return cls(op, dtype, kernel, mode, tuple(shape.items()), distribution)

    def __getitem__(self, column: str) -> int:
        return dict(self.shape)[column]

    @property
    def kv_dtype(self) -> str:
        """Format of the KV cache of an attention call (that of the call itself), else ""."""
        return self.dtype if self.op.startswith("attn_") else ""

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same measurement as a row of a file."""
        sizes = dict(self.shape)
        shape = tuple(str(sizes.get(column, "")) for column in SHAPE_COLUMNS[:-1])
        return (self.op, self.dtype, self.kernel, self.mode, *shape)

    def __str__(self) -> str:
        sizes = " ".join(f"{column}={size}" for column, size in self.shape)
        return " ".join(part for part in (self.op, self.dtype, sizes, f"({self.kernel}, {self.mode})") if part)
