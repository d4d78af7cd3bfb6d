"""``inferplan conform``: replay recorded schedules and say where the first difference is."""

from __future__ import annotations

from pathlib import Path

import typer

from simulator.engine.build import Loop
from simulator.engine.golden import read_golden
from simulator.engine.replay import Difference, first_difference
from simulator.errors import InputError

_WIDTH = 160


def conform_command(files: list[Path], loop: str = "fast") -> None:
    """Replay every file; exit status 1 when any of them differs, 2 when one cannot be read."""
    if loop not in ("fast", "reference"):
        raise InputError("must be 'fast' or 'reference'", path="--loop", value=loop)
    chosen: Loop = "fast" if loop == "fast" else "reference"
    differing = 0
    for file in files:
        schedule = read_golden(file)
        difference = first_difference(schedule, chosen)
        if difference is None:
            typer.echo(f"{_name(file)}: identical ({len(schedule.steps)} steps)")
        else:
            differing += 1
            typer.echo(f"{_name(file)}: differs at step {difference.recorded.step}\n{_describe(difference)}")
    if differing:
        raise typer.Exit(1)


def _name(file: Path) -> str:
    return file.name.removesuffix(".gz").removesuffix(".jsonl")


def _describe(difference: Difference) -> str:
    lines = []
    for name, recorded, planned in difference.fields():
        lines.append(f"  {name}\n    recorded: {_shown(recorded)}\n    planned:  {_shown(planned)}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= _WIDTH else text[:_WIDTH] + " ..."
