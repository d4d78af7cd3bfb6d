"""NVIDIA GPUs (and AMD's under ROCm): calls captured in CUDA graphs, timed with events."""

from __future__ import annotations

import time
from typing import Any

from calibration.measure.backends.protocol import Limits, TimedKernel
from calibration.measure.backends.torch_device import (
    FAILURES,
    build_calls,
    burst_length,
    first_call_s,
    import_torch,
    make_bench,
    reason_of,
    versions,
)
from calibration.measure.case import Case, Unsupported
from calibration.measure.gpu_facts import gpu_facts, matching_profile
from calibration.measure.kernels.bench import Call
from simulator.errors import InputError

_BURST_S = 2e-3
_POOL_BYTES = 4 * 2**30
_POOL_SHARE = 1 / 12
"""Of the free memory, per number format."""


class CudaBackend:
    """One GPU, device 0 of those visible."""

    name = "cuda"
    modes: tuple[str, ...] = ("graph", "eager")
    math_dtypes: tuple[str, ...] = ("bf16", "fp16", "fp8", "int8", "tf32", "fp32")
    kernels: tuple[str, ...] = ("torch_sdpa", "torch_varlen_paged", "torch_grouped_mm")
    default_budget_s = 480.0

    def __init__(self) -> None:
        self.torch = import_torch()
        if not self.torch.cuda.is_available():
            raise InputError("torch sees no CUDA device", path="--device", value="cuda", hint="try --device cpu")
        self._properties = self.torch.cuda.get_device_properties(0)
        free_bytes, _ = self.torch.cuda.mem_get_info()
        pool_bytes = min(_POOL_BYTES, free_bytes * _POOL_SHARE)
        cache_bytes = getattr(self._properties, "L2_cache_size", 0) or 64 * 2**20
        self.limits = Limits(flops_per_call=4e12, bytes_per_call=pool_bytes)
        self._bench = make_bench(self.torch, self.torch.device("cuda"), pool_bytes=pool_bytes, cache_bytes=cache_bytes)
        self._memory_pool = self.torch.cuda.graph_pool_handle()

    def device_name(self) -> str:
        """See ``Backend``: the bundled data sheet of that name and memory, else the name the driver gives."""
        return matching_profile(self._properties.name, self._properties.total_memory)

    def facts(self) -> dict[str, Any]:
        """See ``Backend``."""
        torch = self.torch
        found = versions(torch) | {"cuda": str(torch.version.cuda), "cudnn": str(torch.backends.cudnn.version())}
        return {"versions": found, "gpu": self._properties.name, **gpu_facts()}

    def now_s(self) -> float:
        """See ``Backend``."""
        return time.perf_counter()

    def prepare(self, case: Case) -> TimedKernel:
        """See ``Backend``."""
        torch = self.torch
        torch.backends.cuda.matmul.allow_tf32 = case.dtype == "tf32"
        with torch.inference_mode():
            calls = build_calls(self._bench, case)
            call_s = first_call_s(calls[0], torch.cuda.synchronize)
            burst = calls[: burst_length(call_s, _BURST_S, len(calls))]
            if case.mode == "eager":
                return IssueKernel(torch, burst)
            try:
                return GraphKernel(torch, burst, self._memory_pool)
            except FAILURES as error:
                raise Unsupported(f"no CUDA graph: {reason_of(error)}") from None


class GraphKernel:
    """A burst as one CUDA graph. Graphs share memory for what their kernels return: nobody reads it."""

    def __init__(self, torch: Any, calls: list[Call], memory_pool: Any) -> None:
        self._torch, self._count = torch, len(calls)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            calls[0]()
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=memory_pool):
            for call in calls:
                call()
        self._begin, self._end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def visit(self) -> float:
        """See ``TimedKernel``."""
        self._begin.record()
        self._graph.replay()
        self._end.record()
        self._end.synchronize()
        return float(self._begin.elapsed_time(self._end)) * 1e-3 / self._count


class IssueKernel:
    """What the host needs to launch a burst of kernels one by one; the device's own time is hidden behind it."""

    def __init__(self, torch: Any, calls: list[Call]) -> None:
        self._torch, self._calls = torch, calls

    def visit(self) -> float:
        """See ``TimedKernel``."""
        with self._torch.inference_mode():
            self._torch.cuda.synchronize()
            begin = time.perf_counter()
            for call in self._calls:
                call()
            taken = time.perf_counter() - begin
            self._torch.cuda.synchronize()
        return taken / len(self._calls)
