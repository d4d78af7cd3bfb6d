"""Hand tasks to an executor and give back outcomes as they come, whatever happens to the workers.

A task that fails is an outcome. A pool that breaks (a worker was killed, or ran out of memory) takes all tasks it held
with it, and nobody can tell whose fault it was: they are tried once more, one at a time, so that a second death has one
culprit; the others go on in a new pool.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait

from simulator.errors import InputError
from simulator.sweeping.crews import Crew
from simulator.sweeping.evaluate import Outcome, Task, run_task

DIED_TWICE = "its worker process died twice (killed, or out of memory)"

Done = tuple[Task, Outcome]


def execute(tasks: Sequence[Task], crew: Crew) -> Iterator[Done]:
    """Every task with its outcome, in the order they finish. Raises ``InputError`` when the executor is gone."""
    queue = deque(tasks)
    while queue:
        lost = yield from _until_broken(queue, crew)
        if lost or queue:
            yield from _one_by_one(lost, crew)


def _until_broken(queue: deque[Task], crew: Crew) -> Generator[Done, None, list[Task]]:
    """Work through the queue; returns the tasks that were with the executor when it broke."""
    running: dict[Future[Outcome], Task] = {}
    with crew.open() as executor:
        while queue or running:
            whole = _fill(executor, queue, running, crew.ahead)
            wait(running, return_when=FIRST_COMPLETED)
            for future in [future for future in running if future.done()]:
                error = future.exception() if not future.cancelled() else CancelledError()
                if isinstance(error, BrokenExecutor | CancelledError):
                    whole = False
                    continue
                task = running.pop(future)
                yield task, future.result() if error is None else _failed(error)
            if not whole:
                return _lost(running, crew)
    return []


def _fill(executor: Executor, queue: deque[Task], running: dict[Future[Outcome], Task], ahead: int) -> bool:
    """Submit until ``ahead`` tasks run; False where the executor takes no more."""
    while queue and len(running) < ahead:
        try:
            future = executor.submit(run_task, queue[0])
        except BrokenExecutor:
            return False
        running[future] = queue.popleft()
    return True


def _lost(running: dict[Future[Outcome], Task], crew: Crew) -> list[Task]:
    if not crew.alone:
        rule = "the executor broke, or lost its connection; finished points are kept"
        raise InputError(rule, hint="go on with --resume once it is back")
    return list(running.values())


def _one_by_one(tasks: Sequence[Task], crew: Crew) -> Iterator[Done]:
    """The second and last try of each, with one worker, so that a death has one culprit.

    Raises ``InputError`` where not even an idle worker lives.
    """
    left = deque(tasks)
    while True:
        with crew.open(workers=1) as executor:
            _check_lives(executor)
            while left:
                task = left.popleft()
                try:
                    yield task, executor.submit(run_task, task).result()
                except BrokenExecutor:
                    yield task, Outcome(DIED_TWICE)
                    break
            else:
                return


def _check_lives(executor: Executor) -> None:
    try:
        executor.submit(int).result()
    except BrokenExecutor:
        hint = "a script must call sweep() under `if __name__ == '__main__':`, or with workers=1"
        raise InputError("worker processes die as they start", path="workers", hint=hint) from None


def _failed(error: BaseException) -> Outcome:
    """What an executor raises instead of a result: a cluster gives up on a task that killed several workers."""
    if type(error).__name__ == "KilledWorker":
        return Outcome("the workers it was given to died, one after the other (killed, or out of memory)")
    return Outcome(f"unexpected {type(error).__name__}: {error}")
