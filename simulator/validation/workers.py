"""Cases are independent: run them on several processes, results in the order of the cases."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Mapped = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""``map``, or something that does as ``map`` does."""

_WORTH_A_PROCESS = 4
"""Tasks for which starting a process pays."""


def map_tasks(work: Callable[[T], R], tasks: Sequence[T], workers: int | None = None) -> Iterator[R]:
    """``work`` of every task, in the tasks' order, each as soon as it and those before it are done.

    ``work`` and the tasks must be picklable. ``workers``: processes, None = one per CPU, less for few tasks; 1 = no
    process is started.
    """
    if workers is None:
        workers = min(available_cpus(), -(-len(tasks) // _WORTH_A_PROCESS))
    with shared_map(workers) as mapped:
        yield from mapped(work, tasks)


@contextlib.contextmanager
def shared_map(workers: int) -> Iterator[Mapped]:
    """A ``map`` whose calls share ``workers`` processes for as long as the block runs; 1 = no process is started."""
    if workers <= 1:
        yield map
        return
    pool = worker_pool(workers)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """So many processes that leave Ctrl-C to their parent and end with it, however it ends."""
    # Spawned, not forked: the parent may run threads (a progress display).
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)


def available_cpus() -> int:
    """CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for tasks for ever: it holds both ends of their pipe itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
