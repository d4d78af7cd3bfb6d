"""TPUs and AWS Neuron devices through torch_xla: calls are traced lazily, compiled once, and run when told to.

``mark_step`` only runs what is still held, so outputs are kept until it was called; ``wait_device_ops`` returns when
the device is done.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
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
from calibration.measure.kernels.bench import Call
from simulator.errors import InputError

_BURST_S = 5e-3
_POOL_BYTES = 2**30
_ON_CHIP_BYTES = 128 * 2**20


class XlaBackend:
    """One XLA device. ``torch`` and ``xla_model`` (``torch_xla.core.xla_model``) may be given, else they are imported;
    ``hardware``: name of the data sheet, which XLA does not tell."""

    name = "xla"
    modes: tuple[str, ...] = ("graph",)
    math_dtypes: tuple[str, ...] = ("bf16", "fp32", "int8")
    kernels: tuple[str, ...] = ("torch_sdpa", "torch_expert_loop")
    limits = Limits(flops_per_call=1e12, bytes_per_call=_POOL_BYTES)
    default_budget_s = 900.0
    stack: tuple[str, ...] = ("torch_xla",)
    install = "pip install torch_xla[tpu] (docs.pytorch.org/xla)"

    def __init__(
        self, hardware: str | None = None, *, torch: Any = None, xla_model: Any = None, pool_bytes: int = _POOL_BYTES
    ) -> None:
        self.torch = torch if torch is not None else import_torch()
        self._xla = xla_model if xla_model is not None else self._import_stack()
        self._hardware = hardware
        device = self._xla.xla_device()
        self._bench = make_bench(
            self.torch, device, pool_bytes=pool_bytes, cache_bytes=min(_ON_CHIP_BYTES, pool_bytes / 4)
        )

    def _import_stack(self) -> Any:
        try:
            for module in self.stack:
                importlib.import_module(module)
            return importlib.import_module("torch_xla.core.xla_model")
        except ImportError as error:
            raise InputError(
                f"this device is reached through {' and '.join(self.stack)}, of which {error.name} is not installed",
                path="--device",
                value=self.name,
                hint=self.install,
            ) from None

    def device_name(self) -> str:
        """See ``Backend``."""
        return self._hardware or self.name.upper()

    def facts(self) -> dict[str, Any]:
        """See ``Backend``."""
        found = versions(self.torch)
        for module in self.stack:
            loaded = importlib.util.find_spec(module) and importlib.import_module(module)
            if loaded:
                found[module] = str(getattr(loaded, "__version__", "unknown"))
        return {"versions": found, "clocks": {}}

    def now_s(self) -> float:
        """See ``Backend``."""
        return time.perf_counter()

    def prepare(self, case: Case) -> XlaKernel:
        """See ``Backend``: compiles the call."""
        calls = build_calls(self._bench, case)
        kernel = XlaKernel(self._xla, calls, 1)
        taken = first_call_s(lambda: kernel.run(1), _nothing)
        kernel.burst = burst_length(taken, _BURST_S, len(calls))
        return kernel


def _nothing() -> None:
    """``XlaKernel.run`` waits for the device itself."""


class XlaKernel:
    """See ``TimedKernel``. Steps of a burst are issued one after another and awaited together."""

    def __init__(self, xla_model: Any, calls: list[Call], burst: int) -> None:
        self._xla, self._calls, self.burst = xla_model, calls, burst
        self._next = 0

    def run(self, count: int) -> None:
        """Run ``count`` calls to their end."""
        for _ in range(count):
            held = self._calls[self._next]()
            self._next = (self._next + 1) % len(self._calls)
            self._xla.mark_step()
            del held
        self._xla.wait_device_ops()

    def visit(self) -> float:
        """See ``TimedKernel``."""
        begin = time.perf_counter()
        self.run(self.burst)
        return (time.perf_counter() - begin) / self.burst
