"""What the torch backends share: finding torch, building calls, and turning its failures into reasons."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable
from typing import Any

from calibration.measure.arena import Arena
from calibration.measure.case import Case, Unsupported
from calibration.measure.kernels.bench import Bench, Call
from calibration.measure.kernels.registry import BUILDERS
from simulator.errors import InputError

FAILURES = (RuntimeError, NotImplementedError, ValueError, TypeError, AttributeError, MemoryError)
"""What torch raises for shapes, formats or devices it does not serve."""

SLOWEST_CALL_S = 1.0
"""A call above this is left out: it would take the time of many others."""

_LONGEST_REASON = 160


def import_torch() -> Any:
    """The torch module. Raises ``InputError`` saying how to install it."""
    try:
        import torch
    except ImportError:
        raise InputError(
            "measuring needs PyTorch, which is not installed",
            path="--device",
            hint="pip install 'inferplan[torch]' (choose the build for your device at pytorch.org)",
        ) from None
    return torch


def versions(torch: Any) -> dict[str, str]:
    """Versions every measurement is labelled with."""
    return {"torch": str(torch.__version__), "python": platform.python_version()}


def reason_of(error: BaseException) -> str:
    """The first line of what torch said, shortened."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 3] + "..."


def build_calls(bench: Bench, case: Case) -> list[Call]:
    """The calls of a case. Raises ``Unsupported`` where torch refuses its operands."""
    try:
        return BUILDERS[case.op](bench, case)
    except FAILURES as error:
        raise Unsupported(reason_of(error)) from None


def first_call_s(call: Call, synchronise: Callable[[], None], slowest_s: float = SLOWEST_CALL_S) -> float:
    """Run a call twice, the second time on the clock; seconds. Raises ``Unsupported`` if it fails or takes more than
    ``slowest_s``."""
    try:
        begin = time.perf_counter()
        call()
        synchronise()
        first = time.perf_counter() - begin
        if first < slowest_s:
            begin = time.perf_counter()
            call()
            synchronise()
        taken = time.perf_counter() - begin
    except FAILURES as error:
        raise Unsupported(reason_of(error)) from None
    if taken > slowest_s:
        raise Unsupported(f"one call takes {taken:.2g} s; calls above {slowest_s:g} s are left out")
    return taken


def burst_length(call_s: float, target_s: float, calls: int) -> int:
    """Calls per visit: enough for ``target_s``, each variant once at most."""
    return max(1, min(calls, math.ceil(target_s / max(call_s, 1e-7))))


def make_bench(torch: Any, device: Any, *, pool_bytes: float, cache_bytes: float) -> Bench:
    """A bench whose pool is at least several caches large."""
    size = int(max(pool_bytes, 4 * cache_bytes)) // 256 * 256
    return Bench(torch, device, Arena(torch, device, size), cache_bytes)
