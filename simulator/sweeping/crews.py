"""Who runs the points: this process, local processes, a Dask cluster, or any executor; one interface for all."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, Protocol, TypeVar

from simulator.errors import InputError
from simulator.validation.workers import available_cpus, worker_pool

P = ParamSpec("P")
R = TypeVar("R")

_PER_WORKER = 2
"""Tasks handed out per worker: one to work on, one to go on with."""

_CLUSTER_AHEAD = 256
"""Tasks a cluster is given at least; workers may join while it works."""

_PATIENCE_S = 60
"""How long a cluster's first worker is waited for."""


class Crew(Protocol):
    """Where executors come from.

    ``ahead``: tasks that are handed out at a time. ``alone``: a fresh executor for one suspicious task can be had, and
    another one after a break.
    """

    ahead: int
    alone: bool

    def open(self, workers: int | None = None) -> Any:
        """Context manager that gives an ``Executor``; of ``workers`` workers where that can be chosen."""


class ThisProcess:
    """No other process: points run one after the other, here."""

    ahead = 1
    alone = False

    @contextmanager
    def open(self, workers: int | None = None) -> Iterator[Executor]:
        """An executor that runs what it is given at once."""
        yield _Inline()


class LocalProcesses:
    """``workers`` processes on this machine; None = one per CPU."""

    alone = True

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise InputError("must be at least 1", path="workers", value=workers)
        self.workers = available_cpus() if workers is None else workers
        self.ahead = _PER_WORKER * self.workers

    @contextmanager
    def open(self, workers: int | None = None) -> Iterator[Executor]:
        """A pool; when it is left early (Ctrl-C), what it has begun is ended: nobody waits for a point of minutes."""
        others = set(multiprocessing.active_children())
        pool = worker_pool(workers or self.workers)
        try:
            yield pool
            pool.shutdown(wait=True)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()


class Cluster:
    """The workers of a Dask scheduler at ``address`` (``tcp://host:8786``), which has ``answer_s`` to answer.

    They need the same version of this program and see the files a scenario names under the same paths.
    """

    ahead = _CLUSTER_AHEAD
    alone = False

    def __init__(self, address: str, *, answer_s: float = 10.0) -> None:
        self.address, self.answer_s = address, answer_s

    @contextmanager
    def open(self, workers: int | None = None) -> Iterator[Executor]:
        """Its executor: a task whose worker dies is given to another one by the scheduler, a few times. Raises
        ``InputError`` where no scheduler or no worker answers."""
        try:
            from distributed import Client
        except ImportError:
            hint = "pip install 'inferplan[cluster]'"
            raise InputError("needs the package distributed", file="--cluster", hint=hint) from None
        try:
            client = Client(self.address, timeout=self.answer_s, set_as_default=False)
        except (OSError, ValueError) as error:
            problem = f"no Dask scheduler answers there: {str(error).splitlines()[0]}"
            raise InputError(problem, file="--cluster", value=self.address) from None
        with _quiet("distributed"), client:
            try:
                client.wait_for_workers(1, timeout=_PATIENCE_S)
            except TimeoutError:
                rule = f"no worker has joined the scheduler within {_PATIENCE_S} s"
                raise InputError(rule, file="--cluster", value=self.address) from None
            self.ahead = max(_CLUSTER_AHEAD, _PER_WORKER * sum(client.nthreads().values()))
            yield client.get_executor(pure=False, retries=2)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """A library's log without what we say ourselves, such as tracebacks of a lost connection."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


class Given:
    """An executor that somebody else opens, mends and closes."""

    alone = False

    def __init__(self, executor: Executor, ahead: int = _CLUSTER_AHEAD) -> None:
        self.executor, self.ahead = executor, ahead

    @contextmanager
    def open(self, workers: int | None = None) -> Iterator[Executor]:
        """The executor itself."""
        yield self.executor


class _Inline(Executor):
    """Runs a task when it is submitted."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """A future that is done."""
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
