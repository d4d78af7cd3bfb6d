"""The sweep: cases in waves, every wave visited round by round, until the list or the budget ends.

Within a wave each round visits every case once before the next round begins, so that drift of clocks and temperature
hits all shapes alike, and what one case leaves in the caches is gone when it comes round again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from calibration.measure.backends.protocol import Backend, TimedKernel
from calibration.measure.case import Case, Unsupported
from calibration.measure.records import MeasurementFile, Timing

WAVE = 64
ROUNDS = 7
LEAST_ROUNDS = 3
"""Fewer repeats than this when the budget ends are thrown away."""

Progress = Callable[[int, int, float], None]
"""Called as ``progress(cases done, cases in all, seconds spent)`` after every wave."""


@dataclass
class SweepReport:
    """What became of the list: rows written and found, per class why shapes were left out (the first reason), and how
    many the budget cut."""

    written: int = 0
    already_there: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    cut: Counter[str] = field(default_factory=Counter)
    spent_s: float = 0.0


def sweep(
    backend: Backend,
    cases: Sequence[Case],
    file: MeasurementFile,
    budget_s: float,
    *,
    rounds: int = ROUNDS,
    on_progress: Progress | None = None,
) -> SweepReport:
    """Time what the file does not hold yet and append it, wave by wave.

    ``budget_s``: seconds on the backend's clock after which no further visit begins. A case the backend refuses is
    reported with its reason and passed over; a wave's rows are on disk when its last round ends.
    """
    report = SweepReport()
    todo = [case for case in cases if case.key not in file.done]
    report.already_there = len(cases) - len(todo)
    start_s = backend.now_s()
    deadline_s = start_s + budget_s
    for first in range(0, len(todo), WAVE):
        wave = todo[first : first + WAVE]
        timings = _wave(backend, wave, rounds, deadline_s, report)
        file.append(timings)
        report.written += len(timings)
        report.spent_s = backend.now_s() - start_s
        if on_progress is not None:
            on_progress(min(first + WAVE, len(todo)), len(todo), report.spent_s)
    return report


def _wave(backend: Backend, wave: Sequence[Case], rounds: int, deadline_s: float, report: SweepReport) -> list[Timing]:
    """Timings of one wave; its cases that did not get ``LEAST_ROUNDS`` visits are counted as cut."""
    kernels = _prepare(backend, wave, deadline_s, report)
    seconds: dict[Case, list[float]] = {case: [] for case in kernels}
    for _ in range(rounds):
        for case, kernel in list(kernels.items()):
            if backend.now_s() >= deadline_s:
                break
            try:
                seconds[case].append(kernel.visit())
            except Unsupported as reason:
                report.left_out.setdefault(_group(case), str(reason))
                del kernels[case], seconds[case]
    enough = min(rounds, LEAST_ROUNDS)
    report.cut.update(_group(case) for case, values in seconds.items() if len(values) < enough)
    return [Timing(case, tuple(values)) for case, values in seconds.items() if len(values) >= enough]


def _prepare(backend: Backend, wave: Sequence[Case], deadline_s: float, report: SweepReport) -> dict[Case, TimedKernel]:
    kernels: dict[Case, TimedKernel] = {}
    for case in wave:
        if backend.now_s() >= deadline_s:
            report.cut[_group(case)] += 1
            continue
        try:
            kernels[case] = backend.prepare(case)
        except Unsupported as reason:
            report.left_out.setdefault(_group(case), str(reason))
    return kernels


def _group(case: Case) -> str:
    """Class, format and library: what a report counts by."""
    return " ".join(part for part in (case.op, case.dtype, "" if case.kernel == "torch" else case.kernel) if part)
