"""Which cases are timed, in which order: a space-filling list per class, taken from all of them by turns."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

from calibration.measure.backends.protocol import Backend
from calibration.measure.case import Case
from calibration.measure.classes import CLASSES, SweepClass, columns_of
from calibration.measure.sampling import latin_hypercube
from calibration.measure.work import stored_bytes, work_of
from simulator.errors import InputError, did_you_mean

LEAST_POINTS = 8
DRAWS = 12
"""Shapes beyond a backend's limits are drawn again; so many times the wanted points at most."""


def chosen_classes(names: str | None) -> list[str]:
    """Classes of a comma-separated list, all of them without one. Raises ``InputError`` with the known names."""
    if names is None:
        return list(CLASSES)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in CLASSES:
            hint = did_you_mean(name, CLASSES) or f"known: {', '.join(CLASSES)}"
            raise InputError("no such kernel class", path="--classes", value=name, hint=hint)
    if not wanted:
        raise InputError("names no kernel class", path="--classes", hint=f"known: {', '.join(CLASSES)}")
    return [name for name in CLASSES if name in wanted]


def plan_cases(backend: Backend, classes: Iterable[str], points: int) -> list[Case]:
    """Every case in the order of timing.

    ``points``: shapes of a class with share 1 per number format and kernel library. Lists are interleaved in proportion
    to their lengths: when the budget runs out, every class has lost the same part of its points.
    """
    lists = [cases for name in classes for cases in _lists(backend, name, points)]
    placed = [(index / len(cases), position, case) for position, cases in enumerate(lists)
              for index, case in enumerate(cases)]  # fmt: skip
    return [case for _, _, case in sorted(placed, key=lambda entry: entry[:2])]


def _lists(backend: Backend, op: str, points: int) -> Iterator[list[Case]]:
    """One list per number format and kernel library of a class."""
    sweep = CLASSES[op]
    if op == "launch":
        yield [Case.of(op, mode=mode) for mode in backend.modes]
        return
    for kernel in sweep.kernels:
        if kernel != "torch" and kernel not in backend.kernels:
            continue
        for dtype in backend.math_dtypes if sweep.dtypes is None else sweep.dtypes:
            cases = _draw(backend, op, sweep, dtype, kernel, max(LEAST_POINTS, round(points * sweep.share)))
            if cases:
                yield cases


def _draw(backend: Backend, op: str, sweep: SweepClass, dtype: str, kernel: str, points: int) -> list[Case]:
    """``points`` cases within the backend's limits, fewer when the class hardly fits them."""
    fits = _limit(backend)
    found: dict[Case, None] = {}
    seed = zlib.crc32(op.encode())  # the same shapes in every format and library, so that they compare
    for sizes in latin_hypercube(sweep.axes, points * DRAWS, seed):
        case = Case.of(
            op, dtype, kernel=kernel, mode=backend.modes[0], distribution=sweep.distribution, **columns_of(sizes)
        )
        if _sensible(case) and fits(case):
            found[case] = None
            if len(found) == points:
                break
    return list(found)


def _limit(backend: Backend) -> Callable[[Case], bool]:
    limits = backend.limits

    def fits(case: Case) -> bool:
        return work_of(case)[0] <= limits.flops_per_call and stored_bytes(case) <= limits.bytes_per_call

    return fits


def _sensible(case: Case) -> bool:
    """Shapes no model has: more experts per token than experts, more query heads than 128."""
    shape = dict(case.shape)
    return shape.get("topk", 1) <= shape.get("experts", 1) and shape.get("heads", 1) <= 128
