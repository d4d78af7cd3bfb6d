"""How many experts a "balanced" call of aiconfigurator's vLLM tables touches.

Its collector (``balanced_logits``, collector/helper.py) gives choice i of token t the expert ``t s + i S``, S experts
apart, with s = 1 or, for fewer tokens than S, S / tokens. The fractions are numbers of vLLM's default type, bfloat16
with 8 significant bits, so that indices above 256 come out even and fall together: 48 tokens with 10 of 512 experts
touch 364, not 480. The times of such rows say the same.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from calibration.fit.kernel_class import Floats

_SIGNIFICANT = 256.0


def touched_evenly(tokens: Floats, experts: Floats, experts_per_token: Floats) -> Floats:
    """Experts with at least one row, per call."""
    sizes = np.column_stack([tokens, experts, experts_per_token]).astype(int).tolist()
    return np.array([_touched(*size) for size in sizes], dtype=np.float64)


@cache
def _touched(tokens: int, experts: int, chosen: int) -> int:
    apart = -(-experts // chosen)
    if tokens >= apart:
        return min(experts, tokens * chosen)
    token = _bf16(_bf16(np.arange(tokens, dtype=np.float64) * apart) / tokens)
    index = _bf16(token[:, None] + np.arange(chosen) * apart) % experts
    return len(np.unique(index.astype(int)))


def _bf16(values: Floats) -> Floats:
    fraction, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(fraction * _SIGNIFICANT) / _SIGNIFICANT, exponent), dtype=np.float64)
