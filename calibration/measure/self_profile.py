"""A hardware profile of the machine at hand, from its own measurements: peaks are the best rates seen.

STREAM (McCalpin): triad ``a = b + s c`` counts three arrays, arrays four times the last-level cache.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from calibration.measure.backends.cpu import CpuBackend
from simulator.atomic import write_text

_TRIES = 7
_TORCH_NAMES = {"bf16": "bfloat16", "fp32": "float32"}


def triad_bytes_per_s(backend: CpuBackend) -> float:
    """Best of seven triads."""
    torch = backend.torch
    elements = int(4 * backend.cpu.cache_bytes / 4)
    a, b, c = (torch.ones(elements) for _ in range(3))
    best = float("inf")
    for _ in range(_TRIES):
        begin = backend.clock()
        torch.add(b, c, alpha=3.0, out=a)
        best = min(best, backend.clock() - begin)
    return 3 * 4 * elements / best


def best_flops(rows: Iterable[Mapping[str, str]], backend: CpuBackend) -> dict[str, float]:
    """Format -> best FLOP/s of its measured multiplies, and of one square multiply timed here (bf16 and fp32)."""
    best: dict[str, float] = {}
    for row in rows:
        if row["op"] == "gemm":
            flops = 2.0 * int(row["m"]) * int(row["n"]) * int(row["k"])
            best[row["dtype"]] = max(best.get(row["dtype"], 0.0), flops / (float(row["time_us"]) * 1e-6))
    for dtype in ("bf16", "fp32"):
        best[dtype] = max(best.get(dtype, 0.0), _multiply_flops(backend, getattr(backend.torch, _TORCH_NAMES[dtype])))
    return {dtype: best[dtype] for dtype in ("fp32", "bf16", "int8") if dtype in best}


def _multiply_flops(backend: CpuBackend, dtype: Any) -> float:
    """Best rate of a multiply of 256 x 1024 by 1024 x 1024."""
    torch = backend.torch
    rows, weight = (torch.randn(m, 1024).to(dtype) for m in (256, 1024))
    best = float("inf")
    for _ in range(_TRIES):
        begin = backend.clock()
        torch.nn.functional.linear(rows, weight)
        best = min(best, backend.clock() - begin)
    return 2.0 * 256 * 1024 * 1024 / best


def write_profile(path: Path, rows: Iterable[Mapping[str, str]], backend: CpuBackend) -> None:
    """Write the profile of this machine; ``rows`` are those of its measurement file."""
    import yaml

    write_text(path, _HEADER + yaml.safe_dump(profile_document(rows, backend), sort_keys=False, width=120))


def profile_document(rows: Iterable[Mapping[str, str]], backend: CpuBackend) -> dict[str, Any]:
    """The profile in the layout of ``hardware_profiles``."""
    cpu, bandwidth = backend.cpu, triad_bytes_per_s(backend)
    today = datetime.date.today()
    gigabytes = round(bandwidth / 1e9, 2)
    return {
        "name": backend.device_name(),
        "vendor": cpu.vendor,
        "year": today.year,
        "kind": "cpu",
        "architecture": "measured-cpu",
        "dense_peak_tflops": {
            dtype: float(f"{flops / 1e12:.4g}") for dtype, flops in best_flops(rows, backend).items()
        },
        "memory": {
            "kind": "system memory",
            "nominal_gb": round(cpu.memory_bytes / 1e9, 1),
            "usable_gib": round(cpu.memory_bytes / 2**30, 1),
            "bandwidth_gb_s": gigabytes,
            "l2_mib": cpu.cache_bytes / 2**20,
        },
        "multiprocessors": backend.threads,
        "cores": f"threads of {cpu.model} that torch computes with",
        "link": {
            "gb_s_per_direction": gigabytes,
            "topology": "none",
            "domain": 1,
            "description": "one device",
        },
        "host_link": {"gb_s_per_direction": gigabytes, "description": "is the host; triad bandwidth"},
        "power": {},
        "sources": [f"measured here on {today.isoformat()}: inferplan calibrate measure --device cpu"],
        "doubts": [
            "peaks are the best multiply rates and the best STREAM triad seen, not a data sheet",
            "year is that of the measurement",
        ],
    }


_HEADER = "# Measured here: rates this machine reached, in the place of a vendor's data sheet. No price is known.\n"
