"""What to export: a scenario, or the folder of an earlier run, which is run again."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from simulator.errors import InputError
from simulator.report.tables import csv_text
from simulator.result import RunResult
from simulator.runner import OnProgress, run
from simulator.scenario.schema import Scenario

RESOLVED, REQUESTS = "scenario.resolved.yaml", "requests.csv.gz"


def run_source(
    source: Path, overrides: Iterable[str] = (), on_progress: OnProgress | None = None
) -> tuple[RunResult, list[str]]:
    """The run (first seed) of a scenario file, or that of a folder written by ``inferplan run --out``; and notes.

    A folder keeps the resolved scenario: one seed, the same bytes. Whether they are is checked against its table of
    requests. Raises ``InputError`` for something that is neither, and for overrides of a finished run.
    """
    if not source.is_dir():
        return run(Scenario.from_yaml(source, overrides), on_progress=on_progress), []
    if list(overrides):
        raise InputError("cannot change a finished run", file="--set", hint="export a scenario file instead")
    if not (source / RESOLVED).is_file():
        raise InputError(f"holds no {RESOLVED}", file=source, hint="give a folder written by inferplan run --out")
    result = run(Scenario.from_yaml(source / RESOLVED), on_progress=on_progress)
    return result, _differences(source, result)


def _differences(folder: Path, result: RunResult) -> list[str]:
    try:
        before = gzip.decompress((folder / REQUESTS).read_bytes()).decode("utf-8")
    except FileNotFoundError:
        return []
    except (OSError, EOFError, UnicodeDecodeError):
        return [f"{folder / REQUESTS} cannot be read, so the run was not checked against it"]
    if before == csv_text(result.requests):
        return []
    return [
        f"run again, the requests differ from {folder / REQUESTS}: another version of inferplan wrote it, or a file "
        "the scenario names has changed; exported is the run of now"
    ]
