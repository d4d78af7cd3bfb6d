"""What is swept per kernel class: the axes of its shapes, its number formats and kernel libraries.

A further class is a further entry of ``CLASSES`` and a builder in ``calibration.measure.kernels``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calibration.measure.sampling import Axis, Choice, LogRange, Rows

SIXTEEN_BIT = ("bf16",)
"""Attention, experts and element-wise kernels are timed in the format servers use; fp16 has the same kernels."""


@dataclass(frozen=True)
class SweepClass:
    """One class. ``derived``: columns computed from the axes (``kv_len`` from ``q_len`` and ``context_ratio``).

    ``dtypes``: formats tried, those a backend lacks are reported; None = every format the backend multiplies.
    ``kernels``: libraries tried, those a backend does not name are skipped. ``share``: part of the usual number of
    points.
    """

    axes: Mapping[str, Axis] = field(default_factory=dict)
    dtypes: tuple[str, ...] | None = SIXTEEN_BIT
    kernels: tuple[str, ...] = ("torch",)
    share: float = 0.5
    distribution: str = ""


_HEADS: dict[str, Axis] = {
    "kv_heads": Choice((1, 2, 4, 8, 8, 16, 32)),
    "group": Choice((1, 1, 2, 4, 4, 8, 16)),
    "head_dim": Choice((64, 128, 128)),
}
_WIDE = LogRange(256, 32768, 64)
_ELEMENTWISE: dict[str, Axis] = {"m": Rows(1, 8192), "n": LogRange(256, 16384, 64)}
_LOGITS: dict[str, Axis] = {"m": Rows(1, 256), "n": LogRange(8192, 262144, 64)}
_BYTES: dict[str, Axis] = {"bytes": LogRange(4096, 2**28, 64)}

CLASSES: dict[str, SweepClass] = {
    "launch": SweepClass(dtypes=("",), share=0.0),
    "gemm": SweepClass({"m": Rows(1, 8192), "n": _WIDE, "k": _WIDE}, None, share=1.0),
    "attn_decode": SweepClass(
        {"batch": Rows(1, 256), "kv_len": LogRange(16, 32768), **_HEADS},
        kernels=("torch_sdpa", "torch_sdpa_per_sequence", "torch_varlen_paged"),
        share=1.0,
    ),
    "attn_prefill": SweepClass(
        {"batch": Choice((1, 1, 1, 2, 4)), "q_len": Rows(17, 8192), "context_ratio": Choice((0, 0, 0, 1, 4)), **_HEADS},
        kernels=("torch_sdpa", "torch_varlen_paged"),
        share=1.0,
    ),
    "moe": SweepClass(
        {
            "m": Rows(1, 4096),
            "n": LogRange(256, 16384, 64),
            "k": LogRange(512, 8192, 64),
            "experts": Choice((8, 16, 32, 64, 128)),
            "topk": Choice((1, 2, 4, 8)),
        },
        kernels=("torch_grouped_mm", "torch_expert_loop"),
        distribution="balanced",
    ),
    "norm": SweepClass(_ELEMENTWISE),
    "rotary": SweepClass({"m": Rows(1, 8192), **_HEADS}),
    "activation": SweepClass(_ELEMENTWISE),
    "softmax": SweepClass(_ELEMENTWISE),
    "embedding": SweepClass(_ELEMENTWISE),
    "sample_greedy": SweepClass(_LOGITS, ("fp32",)),
    "sample_top_p": SweepClass(_LOGITS, ("fp32",)),
    "copy_h2d": SweepClass(_BYTES, ("",)),
    "copy_d2h": SweepClass(_BYTES, ("",)),
    "copy_d2d": SweepClass(_BYTES, ("",)),
}
"""Every class timed on one device, in the order of their first rows. Collectives stand in ``collectives.py``."""


def columns_of(sizes: Mapping[str, int]) -> dict[str, int]:
    """The schema's columns for a point of the axes: query heads from the group, KV length from the context."""
    shape = dict(sizes)
    if "group" in shape:
        shape["heads"] = shape["kv_heads"] * shape.pop("group")
    if "context_ratio" in shape:
        shape["kv_len"] = shape["q_len"] * (1 + shape.pop("context_ratio"))
    return shape
