"""All-reduce constants of AMD Instinct from published timings, with held-out errors.

    python -m calibration.links.fit_cdna

Prints the constants that stand in ``calibration/links/families/cdna.yaml`` (RCCL) and
``calibration/fits/families/cdna.yaml`` (vLLM's own kernel). Message sizes are held out in four folds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from simulator.hardware.catalog import load_hardware
from simulator.hardware.kernel_constants import CustomAllReduceFit
from simulator.links.all_reduce import own_all_reduce_seconds
from simulator.links.collective_fits import CollectiveFit

Floats = NDArray[np.float64]
FOLDS = 4
_KIB = 1024.0


@dataclass(frozen=True)
class Published:
    """Timings of one group: ``(bytes, microseconds)``."""

    device: str
    ranks: int
    timings: tuple[tuple[float, float], ...]
    source: str


RCCL = Published(
    "MI300X",
    8,
    (
        (1 * _KIB, 13.67), (2 * _KIB, 13.67), (4 * _KIB, 13.72), (8 * _KIB, 13.76), (16 * _KIB, 15.47),
        (32 * _KIB, 13.94), (64 * _KIB, 14.25), (2**17, 14.60), (2**18, 17.46), (2**19, 27.30), (2**20, 28.39),
        (2**21, 36.68), (2**22, 52.96), (2**23, 84.78), (2**24, 149.9), (2**25, 246.3), (2**26, 432.5), (2**27, 800.3),
        (2**28, 1540.4), (2**29, 3027.1), (2**30, 5990.7), (2**31, 11940.0), (2**32, 23841.0), (2**33, 47617.0),
    ),
    "rccl-tests on one box, hisohara/ai-scripts (GitHub), 2025",
)  # fmt: skip
OWN = (
    Published(
        "MI300X",
        4,
        (
            (2 * _KIB, 7.18), (16 * _KIB, 7.26), (32 * _KIB, 7.58), (256 * _KIB, 14.39), (512 * _KIB, 14.65),
            (2**20, 22.91), (2**21, 36.64), (2**22, 63.86),
        ),
        "baseline of vLLM pull request 19744, June 2025",
    ),
    Published(
        "MI355X",
        8,
        (
            (24 * _KIB, 6.3), (48 * _KIB, 6.7), (96 * _KIB, 7.6), (192 * _KIB, 10.0), (384 * _KIB, 13.1),
            (768 * _KIB, 16.0), (1536 * _KIB, 24.2),
        ),
        "vLLM before pull request 39080, April 2026",
    ),
)  # fmt: skip


def _library(values: Floats) -> CollectiveFit:
    latency, share, sharpness = values
    return CollectiveFit(np.exp(latency), 0.0, 0.0, np.exp(share), 0.0, 8, 2, sharpness)


def _library_seconds(values: Floats) -> Floats:
    link = load_hardware(RCCL.device).link
    wire = 2 * (RCCL.ranks - 1) / RCCL.ranks / link.group_bytes_per_s(RCCL.ranks, link.bytes_per_s)
    return np.array([_library(values).seconds(nbytes, wire, RCCL.ranks, 0) for nbytes, _ in RCCL.timings])


def _own(values: Floats) -> CustomAllReduceFit:
    latency, one, second, two = np.exp(values)
    return CustomAllReduceFit(latency, 0.0, one, second, two, second, two, "two_shot")


def _own_seconds(values: Floats) -> Floats:
    return np.array([
        own_all_reduce_seconds(_own(values), load_hardware(group.device), nbytes, group.ranks)
        for group in OWN
        for nbytes, _ in group.timings
    ])  # fmt: skip


def solved(predict: Callable[[Floats], Floats], seconds: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Parameters from all timings, and absolute relative errors with every fourth size held out."""

    def solve(rows: NDArray[np.bool_]) -> Floats:
        def residual(values: Floats) -> Floats:
            return np.log(predict(values) / seconds)[rows]

        return np.asarray(least_squares(residual, start, loss="soft_l1", f_scale=0.1).x)

    fold = np.arange(len(seconds)) % FOLDS
    errors = np.empty(len(seconds))
    for k in range(FOLDS):
        errors[fold == k] = np.abs(predict(solve(fold != k)) / seconds - 1)[fold == k]
    return solve(fold >= 0), errors


def main() -> None:
    """Command line."""
    library = np.array([us for _, us in RCCL.timings]) * 1e-6
    values, errors = solved(_library_seconds, library, np.array([2.6, -0.3, 0.8]))
    print(_library(values), f"median {np.median(errors):.3f}, p90 {np.quantile(errors, 0.9):.3f}")
    own = np.array([us for group in OWN for _, us in group.timings]) * 1e-6
    values, errors = solved(_own_seconds, own, np.log([6.0, 0.6, 3.0, 0.6]))
    print(_own(values), f"median {np.median(errors):.3f}, p90 {np.quantile(errors, 0.9):.3f}")


if __name__ == "__main__":
    main()
