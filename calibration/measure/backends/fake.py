"""A backend without a device: kernels are a function of their shape, and the clock only moves when they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from calibration.measure.backends.protocol import Limits
from calibration.measure.case import Case, Unsupported
from calibration.measure.work import work_of

PEAK_FLOPS, BYTES_PER_S, LAUNCH_S = 1e13, 1e12, 5e-6


def roofline_seconds(case: Case) -> float:
    """A device of 10 TFLOP/s and 1 TB/s that takes 5 us to launch a kernel."""
    flops, nbytes = work_of(case)
    return LAUNCH_S + max(flops / PEAK_FLOPS, nbytes / BYTES_PER_S)


class FakeBackend:
    """See module. ``drift``: relative slow-down per second of its clock; ``missing``: number formats it lacks."""

    name = "fake"
    modes: tuple[str, ...] = ("graph", "eager")
    math_dtypes: tuple[str, ...] = ("bf16", "fp8")
    kernels: tuple[str, ...] = ("torch_sdpa", "torch_grouped_mm")
    limits = Limits(flops_per_call=1e12, bytes_per_call=1e9)
    default_budget_s = 60.0

    def __init__(
        self,
        seconds: Callable[[Case], float] = roofline_seconds,
        *,
        drift: float = 0.0,
        missing: tuple[str, ...] = (),
        prepare_s: float = 1e-3,
    ) -> None:
        self.clock_s = 0.0
        self.visited: list[Case] = []
        self._seconds, self._drift, self._missing, self._prepare_s = seconds, drift, missing, prepare_s

    def device_name(self) -> str:
        """See ``Backend``."""
        return "Fake-1"

    def facts(self) -> dict[str, Any]:
        """See ``Backend``."""
        return {"versions": {"fake": "1"}, "clocks": {"core_mhz": 1000}}

    def now_s(self) -> float:
        """See ``Backend``."""
        return self.clock_s

    def prepare(self, case: Case) -> FakeKernel:
        """See ``Backend``."""
        if case.dtype in self._missing:
            raise Unsupported(f"no {case.dtype} on this device")
        self.clock_s += self._prepare_s
        return FakeKernel(self, case)

    def run(self, case: Case) -> float:
        """Run a call: the clock moves on by what it takes."""
        taken = self._seconds(case) * (1.0 + self._drift * self.clock_s)
        self.clock_s += taken
        self.visited.append(case)
        return taken


class FakeKernel:
    """See ``TimedKernel``."""

    def __init__(self, backend: FakeBackend, case: Case) -> None:
        self._backend, self._case = backend, case

    def visit(self) -> float:
        """See ``TimedKernel``."""
        return self._backend.run(self._case)
