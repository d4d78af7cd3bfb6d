"""Collectives between the devices of one node: one process each, torch.distributed with NCCL (CUDA) or Gloo (CPU).

Processes are started only where there is more than one device. Every rank times the same sizes; rank 0 writes its own
times down, which include waiting for the slowest rank.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calibration.measure.backends.protocol import Backend
from calibration.measure.backends.torch_device import FAILURES, reason_of
from calibration.measure.case import Case
from calibration.measure.records import MeasurementFile, Timing
from calibration.measure.sweep import SweepReport

OPERATIONS = ("nccl_all_reduce", "nccl_all_gather", "nccl_reduce_scatter", "nccl_alltoall")
SIZES = tuple(2**power for power in range(10, 29))
"""Bytes of the buffer each rank ends with (all-gather) or begins with (the others)."""

REPEATS = 20
_LEAST_S = 60.0


def device_count(backend: Backend) -> int:
    """Devices of the node the backend can reach."""
    if backend.name != "cuda":
        return 1
    torch: Any = backend.torch  # type: ignore[attr-defined]
    return int(torch.cuda.device_count())


def measure_collectives(backend: Backend, file: MeasurementFile, report: SweepReport, budget_s: float) -> None:
    """Append rows for every power-of-two group of this node's devices; nothing to do on a single device."""
    devices = device_count(backend)
    world = 2
    while world <= devices:
        if budget_s < _LEAST_S:
            report.cut["collectives"] += len(OPERATIONS) * len(SIZES)
            return
        cases = [case for case in _cases(world) if case.key not in file.done]
        try:
            timings, failed = time_collectives(cases, world, "nccl")
        except FAILURES as error:
            report.left_out["collectives"] = reason_of(error)
            return
        file.append(timings)
        report.written += len(timings)
        report.left_out.update(failed)
        world *= 2


def _cases(world: int) -> list[Case]:
    return [Case.of(op, "bf16", kernel="nccl", bytes=nbytes, world_size=world) for op in OPERATIONS for nbytes in SIZES]


def time_collectives(cases: list[Case], world: int, library: str) -> tuple[list[Timing], dict[str, str]]:
    """``(timings, reasons of operations that failed)`` of a group of ``world`` processes; ``library``: ``nccl``, one
    GPU each, or ``gloo`` on the CPU."""
    import torch.multiprocessing as processes

    with tempfile.TemporaryDirectory() as folder:
        processes.spawn(_rank, args=(world, library, folder, cases), nprocs=world, join=True)
        found = json.loads((Path(folder) / "times.json").read_text(encoding="utf-8"))
    timings = [Timing(cases[index], tuple(seconds)) for index, seconds in found["seconds"]]
    return timings, found["failed"]


def _rank(rank: int, world: int, library: str, folder: str, cases: list[Case]) -> None:
    """One process: the same list of calls as every other rank."""
    import torch
    import torch.distributed as dist

    on_gpu = library == "nccl"
    if on_gpu:
        torch.cuda.set_device(rank)
    device = torch.device("cuda", rank) if on_gpu else torch.device("cpu")
    dist.init_process_group(library, init_method=f"file://{folder}/rendezvous", rank=rank, world_size=world)
    seconds: list[tuple[int, list[float]]] = []
    failed: dict[str, str] = {}
    for index, case in enumerate(cases):
        if case.op in failed:
            continue
        try:
            call = _operation(torch, dist, case, device)
            seconds.append((index, [_timed(torch, dist, call, on_gpu) for _ in range(REPEATS)][2:]))
        except FAILURES as error:
            failed[case.op] = reason_of(error)
    if rank == 0:
        (Path(folder) / "times.json").write_text(json.dumps({"seconds": seconds, "failed": failed}), encoding="utf-8")
    dist.barrier()
    dist.destroy_process_group()


def _operation(torch: Any, dist: Any, case: Case, device: Any) -> Callable[[], Any]:
    elements, world = case["bytes"] // 2, case["world_size"]
    whole = torch.ones(elements, dtype=torch.bfloat16, device=device)
    part = torch.ones(elements // world, dtype=torch.bfloat16, device=device)
    if case.op == "nccl_all_reduce":
        return lambda: dist.all_reduce(whole)
    if case.op == "nccl_all_gather":
        return lambda: dist.all_gather_into_tensor(whole, part)
    if case.op == "nccl_reduce_scatter":
        return lambda: dist.reduce_scatter_tensor(part, whole)
    received = torch.empty_like(whole)
    return lambda: dist.all_to_all_single(received, whole)


def _timed(torch: Any, dist: Any, call: Callable[[], Any], on_gpu: bool) -> float:
    dist.barrier()
    if on_gpu:
        torch.cuda.synchronize()
    begin = time.perf_counter()
    call()
    if on_gpu:
        torch.cuda.synchronize()
    return time.perf_counter() - begin
