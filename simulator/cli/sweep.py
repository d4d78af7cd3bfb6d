"""``inferplan sweep``: a study's points, run by as many workers as there are, kept as they finish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulator.sweeping.result import SweepResult
    from simulator.sweeping.runner import Plan
    from simulator.sweeping.study import Study


def sweep_command(
    study: Annotated[
        Path | None,
        typer.Argument(help="Study file, or a scenario to vary with --set (YAML).", metavar="STUDY.yaml"),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=A,B,C", help="Vary a key, e.g. engine.max_num_seqs=64,128. Repeatable."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one per CPU. The result does not depend on it.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to run on, e.g. tcp://host:8786.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Runs per point, averaged.")] = None,
    best: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Metric that ranks the points: NAME, NAME:low or NAME:high.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the results; default: STUDY-sweep.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with the sweep in this folder, or begin it there.")
    ] = None,
    retry_errors: Annotated[bool, typer.Option("--retry-errors", help="Run points that failed once more.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the points, run none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print sweep.json with all points and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no table.")] = False,
) -> None:
    """Run a scenario over many settings, in parallel; resumes.

    A point is kept the moment it is finished and survives whatever happens to the rest.
    """
    from dataclasses import replace

    from simulator.cli.sweep_text import plan_json, plan_text, result_json, result_text
    from simulator.errors import InputError
    from simulator.sweeping.runner import plan_sweep

    if workers is not None and cluster is not None:
        raise InputError("cannot stand beside --cluster, which has its own workers", file="--workers", value=workers)
    if out is not None and resume is not None and out != resume:
        raise InputError("cannot name another folder than --resume", file="--out", value=str(out))
    asked = _study(study, resume, overrides or [], seeds)
    plan = plan_sweep(asked if best is None else replace(asked, best=best))
    if dry_run:
        print(plan_json(plan) if as_json else plan_text(plan))
        return
    folder = resume or out or Path(f"{asked.title}-sweep" if study is None else f"{study.stem}-sweep")
    result = _run(plan, folder, workers, cluster, resume is not None, retry_errors, shown=not (quiet or as_json))
    if as_json:
        print(result_json(result))
    elif not quiet:
        print(result_text(result))


def _study(path: Path | None, resume: Path | None, overrides: list[str], seeds: int | None) -> Study:
    """The study named, or the one kept in the folder that is resumed."""
    from simulator.errors import InputError
    from simulator.sweeping.folder import STUDY, is_sweep
    from simulator.sweeping.study import read_study

    if path is not None:
        return read_study(path, overrides, seeds=seeds)
    if resume is None:
        raise InputError("give a study file, or --resume DIR", file="inferplan sweep")
    if not is_sweep(resume):
        raise InputError("holds no sweep to go on with", file=resume)
    return read_study(resume / STUDY, overrides, seeds=seeds)


def _run(
    plan: Plan,
    folder: Path,
    workers: int | None,
    cluster: str | None,
    resume: bool,
    retry_errors: bool,
    *,
    shown: bool,
) -> SweepResult:
    """Run what is left, under a progress bar. Ctrl-C says what is kept."""
    from simulator.cli.errors import INTERRUPTED
    from simulator.cli.sweep_progress import sweep_bar
    from simulator.sweeping.journal import read_rows
    from simulator.sweeping.runner import crew_of, run_plan

    try:
        with sweep_bar(plan, shown=shown) as on_row:
            crew = crew_of(workers, cluster)
            return run_plan(plan, crew, out=folder, resume=resume, retry_errors=retry_errors, on_row=on_row)
    except KeyboardInterrupt:
        import sys

        kept = f"interrupted; {len(read_rows(folder))} of {len(plan.points)} points are kept"
        print(f"{kept}: go on with --resume {folder}", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
