"""Cases are independent: run them on several processes, results in the order of the cases."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_WORTH_A_PROCESS = 4
"""Tasks for which starting a process pays."""


def map_tasks(work: Callable[[T], R], tasks: Sequence[T], workers: int | None = None) -> Iterator[R]:
    """``work`` of every task, in the tasks' order, each as soon as it and those before it are done.

    ``work`` and the tasks must be picklable. ``workers``: processes, None = one per CPU, less for few tasks; 1 = no
    process is started.
    """
    if workers is None:
        workers = min(available_cpus(), -(-len(tasks) // _WORTH_A_PROCESS))
    if workers <= 1:
        yield from map(work, tasks)
        return
    # Spawned, not forked: the parent may run threads (a progress display).
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts_to_the_parent)
    try:
        yield from pool.map(work, tasks)
    finally:
        pool.shutdown(cancel_futures=True)


def available_cpus() -> int:
    """CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
