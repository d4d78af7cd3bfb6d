"""Copies between and within memories, and the smallest kernel there is: its time is what a launch costs."""

from __future__ import annotations

from calibration.measure.case import Case, Unsupported
from calibration.measure.kernels.bench import Bench, Call

LAUNCHES = 100


def build_copy(bench: Bench, case: Case) -> list[Call]:
    """Copies of ``bytes``: pinned host memory to the device, back, or within the device."""
    torch, nbytes = bench.torch, case["bytes"]
    if case.op != "copy_d2d" and bench.device.type == "cpu":
        raise Unsupported("host and device are one memory")
    pinned = {"pin_memory": True} if bench.device.type == "cuda" else {}
    variants = bench.variants(case)

    def make(variant: int) -> Call:
        here = torch.zeros(nbytes, dtype=torch.int8, device=bench.device)
        if case.op == "copy_d2d":
            source = bench.taker(variant, variants)(torch.int8, nbytes)
            return lambda: here.copy_(source)
        host = torch.zeros(nbytes, dtype=torch.int8, **pinned)
        if case.op == "copy_h2d":
            return lambda: here.copy_(host, non_blocking=True)
        return lambda: host.copy_(here, non_blocking=True)

    return [make(variant) for variant in range(variants)]


def build_launch(bench: Bench, case: Case) -> list[Call]:
    """So many kernels on one number that a burst of them can be timed."""
    number = bench.torch.zeros(1, device=bench.device)
    return [lambda: number.add_(1.0)] * LAUNCHES
