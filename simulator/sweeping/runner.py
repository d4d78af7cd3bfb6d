"""``sweep(study) -> SweepResult``: plan the points, run those that are not done yet, keep every row as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import simulator
from simulator.scenario.schema import Scenario
from simulator.sweeping.crews import Cluster, Crew, Given, LocalProcesses, ThisProcess
from simulator.sweeping.evaluate import Outcome, Task
from simulator.sweeping.execute import execute
from simulator.sweeping.folder import check_folder, check_same_study, sweep_content, write_end, write_start
from simulator.sweeping.journal import Journal, Row, open_journal, read_rows
from simulator.sweeping.metrics import Metric, ranking
from simulator.sweeping.points import Point, expand
from simulator.sweeping.study import Study, read_study, study_of

if TYPE_CHECKING:
    from simulator.sweeping.result import SweepResult

OnRow = Callable[[Row, int, int], None]
"""Called as ``on_row(row, points finished, points in all)``; once with each row a resumed sweep begins with, too."""

USUAL_BEST, USUAL_BEST_WITH_SLO = "tok_s_gpu", "request_goodput"
"""What ranks points unless the study says: throughput per device, or, with objectives, good requests per second."""


@dataclass(frozen=True)
class Plan:
    """A study with its points and the metric that ranks them."""

    study: Study
    points: tuple[Point, ...]
    best: Metric

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result should know."""
        repeated = self.study.size - len(self.points)
        notes = self.study.notes
        return (*notes, f"{repeated} combinations ask the same as earlier ones and are left out") if repeated else notes


def plan_sweep(study: Study) -> Plan:
    """The points of a study. Raises ``InputError`` for mistakes in it, before anything is run."""
    best = ranking(study.best or _usual_best(study))
    return Plan(study, tuple(expand(study)), best)


def sweep(
    study: Study | Scenario | Mapping[str, Any] | str | Path,
    axes: Mapping[str, Any] | None = None,
    *,
    seeds: int | None = None,
    workers: int | None = 1,
    cluster: str | None = None,
    executor: Executor | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    on_row: OnRow | None = None,
) -> SweepResult:
    """Run a scenario at every combination of the axes' values; the result does not depend on who ran it.

    Parameters
    ----------
    study: a ``Scenario``, a study or scenario file, or a ``Study``.
    axes: dotted key -> values: ``{"engine.max_num_seqs": [64, 128], "rate": {"linspace": [1, 20, 5]}}`` (``rate`` in
        requests per second); for a file, beside its own.
    seeds: runs per point, averaged; None = as the study says, or 1.
    workers: processes on this machine; 1 = none but this one, None = one per CPU. A script that asks for more than one
        must do so under ``if __name__ == "__main__":``.
    cluster: address of a Dask scheduler instead. executor: any ``concurrent.futures.Executor`` instead.
    out: folder that keeps every finished point at once; ``resume``: go on with what is there.

    Raises ``InputError`` for mistakes in the study; a point that cannot be run is a row with its error.

    >>> from simulator import Scenario, sweep
    >>> chat = {"profile": {"name": "chat-short", "num_requests": 50}}
    >>> scenario = Scenario(model="llama-3.1-8b", hardware="h100", workload=chat)
    >>> result = sweep(scenario, {"engine.max_num_seqs": [1, 64], "parallel.tensor_parallel_size": [1, 3]})
    >>> result.points["status"].tolist()  # 32 attention heads cannot be split over 3 devices
    ['ok', 'error', 'ok', 'error']
    >>> result.best("p99_ttft_ms")["engine.max_num_seqs"].tolist()
    [64]
    """
    plan = plan_sweep(_study(study, axes or {}, seeds))
    crew = crew_of(workers, cluster, executor)
    return run_plan(plan, crew, out=None if out is None else Path(out), resume=resume, on_row=on_row)


def crew_of(workers: int | None, cluster: str | None = None, executor: Executor | None = None) -> Crew:
    """Who runs the points: an executor given, a cluster, this process alone, or so many processes."""
    if executor is not None:
        return Given(executor)
    if cluster is not None:
        return Cluster(cluster)
    return ThisProcess() if workers == 1 else LocalProcesses(workers)


def run_plan(
    plan: Plan,
    crew: Crew,
    *,
    out: Path | None = None,
    resume: bool = False,
    retry_errors: bool = False,
    on_row: OnRow | None = None,
) -> SweepResult:
    """Run the points of a plan that ``out`` does not hold yet. ``retry_errors``: run those that failed again."""
    from simulator.sweeping.result import SweepResult

    with ExitStack() as stack:
        journal = None
        done: dict[str, Row] = {}
        if out is not None:
            check_folder(out, resume=resume)
            journal = stack.enter_context(open_journal(out))
            rows = read_rows(out)
            check_same_study(out, rows, {point.id for point in plan.points})
            done = _finished(rows, plan.points, retry_errors)
            write_start(out, plan.study, _content(plan, tuple(done.values())))
        rows = _run(plan, crew, done, journal, on_row)
        content = _content(plan, rows)
        if out is not None:
            write_end(out, content, rows, plan.study.keys)
    return SweepResult(content, rows, out)


def _run(plan: Plan, crew: Crew, done: dict[str, Row], journal: Journal | None, on_row: OnRow | None) -> list[Row]:
    """Rows of all points in the order of the plan."""
    points = {point.id: point for point in plan.points}
    found: dict[str, Row] = {}

    def keep(row: Row, *, is_new: bool) -> None:
        found[row.id] = row
        if journal is not None and is_new:
            journal.add(row)
        if on_row is not None:
            on_row(row, len(found), len(points))

    for row in done.values():
        keep(row, is_new=False)
    left = [point for point in points.values() if point.id not in found]
    for point in left:
        if point.problem is not None:
            keep(_row(point, Outcome(point.problem)), is_new=True)
    for task, outcome in execute(_tasks(point for point in left if point.problem is None), crew):
        keep(_row(points[task.id], outcome), is_new=True)
    return sorted(found.values(), key=lambda row: row.index)


def _tasks(points: Iterable[Point]) -> list[Task]:
    """Points with the same deployment follow each other, so that whoever built its tables uses them again."""
    groups: dict[str, list[Point]] = {}
    for point in points:
        groups.setdefault(point.group, []).append(point)
    return [
        Task(point.id, point.scenario, point.seeds, point.files, simulator.__version__)
        for group in groups.values()
        for point in group
    ]


def _finished(rows: Sequence[Row], points: Sequence[Point], retry_errors: bool) -> dict[str, Row]:
    """The last row of each point, at the plan's place."""
    last = {row.id: row for row in rows}
    return {
        point.id: Row(point.id, point.index, point.set, row.status, row.error, row.metrics, row.title)
        for point in points
        if (row := last.get(point.id)) is not None and not (retry_errors and row.status == "error")
    }


def _row(point: Point, outcome: Outcome) -> Row:
    status = "ok" if outcome.error is None else "error"
    return Row(point.id, point.index, point.set, status, outcome.error, outcome.metrics, outcome.title)


def _content(plan: Plan, rows: Sequence[Row]) -> dict[str, Any]:
    return sweep_content(plan.study, plan.best, len(plan.points), rows, plan.notes)


def _usual_best(study: Study) -> str:
    slo = study.scenario.content.get("slo")
    given = isinstance(slo, dict) and any(bound is not None for bound in slo.values())
    objectives = given or any(key.startswith("slo") for key in study.keys)
    return USUAL_BEST_WITH_SLO if objectives else USUAL_BEST


def _study(
    study: Study | Scenario | Mapping[str, Any] | str | Path, axes: Mapping[str, Any], seeds: int | None
) -> Study:
    if isinstance(study, Study):
        return study
    if isinstance(study, str | Path):
        from dataclasses import replace

        read = read_study(Path(study), seeds=seeds)
        return replace(read, axes=(*read.axes, *study_of({}, axes).axes)) if axes else read
    return study_of(study, axes, seeds=seeds or 1)
