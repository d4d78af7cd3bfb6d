"""``inferplan run``: read the scenario, run it, write, print."""

from __future__ import annotations

from pathlib import Path

from simulator.cli.progress import progress_bar
from simulator.cli.result_text import result_text
from simulator.errors import InputError
from simulator.runner import run
from simulator.scenario.schema import Scenario


def run_scenario(
    path: Path,
    overrides: list[str],
    *,
    out: Path | None,
    seeds: int,
    bands: bool | None,
    as_json: bool,
    charts: bool,
    quiet: bool,
) -> None:
    """Run one scenario file. A folder that cannot be written is refused before the simulation, not after."""
    scenario = Scenario.from_yaml(path, overrides)
    if out is not None and out.exists() and not out.is_dir():
        raise InputError("is a file, not a folder to write results into", file=out)
    with progress_bar(shown=not quiet and not as_json) as on_progress:
        result = run(scenario, seeds=seeds, bands=bands, on_progress=on_progress)
    written = result.save(out, charts=charts) if out is not None else []
    if as_json:
        print(result.summary_json(), end="")
    elif not quiet:
        print(result_text(result, written))
