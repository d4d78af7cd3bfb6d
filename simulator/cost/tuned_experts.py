"""Expert shapes for which vLLM ships a tuned tile configuration; all others get its default.

Names of the files in ``vllm/model_executor/layers/fused_moe/configs`` of vLLM 0.24.0 (2026): device, experts on the
rank, inner width of the rank's shard, format. The hidden size plays no part. Files for 8-bit weights in blocks are left
out: their tiles hardly differ from the default. Versions 0.14 to 0.24 differ in a few shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Sizes = Any

_WIDEST = 2**20
"""More than any inner width: (experts, width) pairs are compared as one number."""

TUNED: Mapping[str, Mapping[str, Mapping[int, tuple[int, ...]]]] = {
    "A100-SXM4-80GB": {
        "bf16": {
            1: (1792, 3584, 7168, 14336),
            8: (1792, 2048, 3584, 4096, 7168),
            16: (1344, 1792, 2688, 3584, 7168, 14336),
            64: (640, 1280),
            128: (192,),
            512: (64, 128),
        },
    },
    "H100-SXM5-80GB": {
        "bf16": {
            1: (3072,),
            8: (1792, 2048, 3584, 4096, 7168),
            16: (1344, 1792, 2688),
            32: (1792,),
            62: (256, 512),
            64: (320, 640, 1280, 1536),
            72: (384, 768),
            128: (192, 384, 512, 928, 1856, 2880),
            256: (512,),
            512: (128, 256, 512),
        },
        "fp8": {
            8: (2048, 3584, 4096, 7168, 8192, 14336),
            16: (800, 3200, 6400),
            64: (320, 640, 1280, 2560, 8960),
            128: (352, 704, 8960),
        },
    },
    "H200-SXM-141GB": {
        "bf16": {
            8: (1792, 2048, 3584, 4096, 7168, 14336),
            16: (1024, 2048),
            64: (320, 640, 1280, 2560),
            128: (96, 192, 384, 512, 768, 1024),
            512: (64, 128, 256, 512),
        },
        "fp8": {
            8: (1792, 2048, 3584, 4096, 7168, 8192, 14336),
            16: (1024, 2048),
            64: (320, 640, 1280, 2560),
            128: (96, 512, 1024, 1856),
            160: (192,),
        },
    },
    "L40S": {"bf16": {8: (3584,), 128: (928, 1856)}},
    "RTX-4090": {"fp8": {8: (3584,), 64: (640,)}},
}
"""Device -> format -> experts -> inner widths."""


def is_tuned(device: str, dtype: str, experts: Sizes, inner: Sizes) -> npt.NDArray[np.bool_]:
    """Whether the shapes (numbers or arrays that broadcast) have a tuned configuration."""
    return np.isin(experts * _WIDEST + np.asarray(inner), _pairs(device, dtype))


@cache
def _pairs(device: str, dtype: str) -> tuple[int, ...]:
    tuned = TUNED.get(device, {}).get(dtype, {})
    return tuple(experts * _WIDEST + width for experts, widths in tuned.items() for width in widths)
