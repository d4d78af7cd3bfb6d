"""The processor itself: calls are synchronous.

One thread is timed by its own CPU time, so that other programs that take the core away do not count (what they do to
caches and memory bandwidth does). Several threads wait for each other; only the wall clock times them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from calibration.measure.backends.protocol import Limits
from calibration.measure.backends.torch_device import (
    build_calls,
    burst_length,
    first_call_s,
    import_torch,
    make_bench,
    versions,
)
from calibration.measure.case import Case
from calibration.measure.cpu_facts import Cpu
from calibration.measure.kernels.bench import Call

_BURST_S = 2e-3
_SLOWEST_CALL_S = 0.15
_FLOPS_PER_THREAD = 2e9
_CALL_BYTES = 96 * 2**20


class CpuBackend:
    """torch on this machine's cores, as many threads as torch uses (``OMP_NUM_THREADS`` sets them)."""

    name = "cpu"
    modes: tuple[str, ...] = ("eager",)
    math_dtypes: tuple[str, ...] = ("bf16", "fp32", "int8")
    kernels: tuple[str, ...] = ("torch_sdpa", "torch_sdpa_per_sequence", "torch_grouped_mm", "torch_expert_loop")
    default_budget_s = 150.0

    def __init__(self, torch: Any = None) -> None:
        self.torch = torch if torch is not None else import_torch()
        self.cpu = Cpu.read()
        self.threads = int(self.torch.get_num_threads())
        self.clock = time.thread_time if self.threads == 1 else time.perf_counter
        self.limits = Limits(_FLOPS_PER_THREAD * self.threads, _CALL_BYTES)
        self._bench = make_bench(
            self.torch, self.torch.device("cpu"), pool_bytes=1.5 * _CALL_BYTES, cache_bytes=self.cpu.cache_bytes
        )

    def device_name(self) -> str:
        """See ``Backend``: the model's name and the threads, for half the threads are another device."""
        return f"{self.cpu.slug}-{self.threads}-thread{'s' if self.threads > 1 else ''}"

    def facts(self) -> dict[str, Any]:
        """See ``Backend``."""
        return {
            "versions": versions(self.torch),
            "clocks": {"core_mhz": self.cpu.mhz},
            "cpu": self.cpu.model,
            "features": list(self.cpu.features),
            "threads": self.threads,
            "timed_by": "CPU time of the thread" if self.threads == 1 else "wall clock",
            "last_level_cache_bytes": self.cpu.cache_bytes,
            "load_average_1m": round(os.getloadavg()[0], 2),
        }

    def now_s(self) -> float:
        """See ``Backend``."""
        return time.perf_counter()

    def prepare(self, case: Case) -> CpuKernel:
        """See ``Backend``."""
        with self.torch.inference_mode():
            calls = build_calls(self._bench, case)
            burst = burst_length(first_call_s(calls[0], _nothing, _SLOWEST_CALL_S), _BURST_S, len(calls))
        return CpuKernel(self.torch, calls, burst, self.clock)


def _nothing() -> None:
    """Calls are over when they return."""


class CpuKernel:
    """See ``TimedKernel``; every visit goes on where the last one stopped in the list of variants."""

    def __init__(self, torch: Any, calls: list[Call], burst: int, clock: Callable[[], float]) -> None:
        self._torch, self._calls, self._burst, self._clock = torch, calls, burst, clock
        self._next = 1 % len(calls)

    def visit(self) -> float:
        """See ``TimedKernel``."""
        count = len(self._calls)
        burst = [self._calls[(self._next + i) % count] for i in range(self._burst)]
        self._next = (self._next + self._burst) % count
        with self._torch.inference_mode():
            begin = self._clock()
            for call in burst:
                call()
            return (self._clock() - begin) / self._burst
