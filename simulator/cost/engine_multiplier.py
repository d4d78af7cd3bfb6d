"""The engine's factor on a class of kernels: how they run among the others of a step, against how they were timed.

Tables time one kernel again and again on an idle device; a factor fitted to serving runs brings such times to what the
kernels take in a step. Times taken inside a running engine hold that already.
"""

from __future__ import annotations

from simulator.cost.engine_profile import EngineProfile
from simulator.hardware.fits import KernelFits, fit_for


def engine_multiplier(engine: EngineProfile, fits: KernelFits, kernel_class: str, dtype: str) -> float:
    """The factor on ``gemm``, ``prefill_attention``, ``decode_attention`` or ``moe`` in a number format (of the KV
    cache for attention)."""
    term = f"{kernel_class}_multiplier"
    in_engine = fit_for(getattr(fits, kernel_class), dtype).origin.in_engine
    value: float = getattr(engine, term)
    return 1.0 if in_engine and term in engine.lone_multipliers else value
