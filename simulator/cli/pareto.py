"""``inferplan pareto``: what a sweep's points trade against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pareto_command(
    folder: Annotated[Path, typer.Argument(help="Folder written by inferplan sweep.", metavar="DIR")],
    x: Annotated[
        str, typer.Option(help="Metric across: NAME, or NAME:low, NAME:high.", metavar="METRIC")
    ] = "tok_s_user",
    y: Annotated[str, typer.Option(help="Metric upwards.", metavar="METRIC")] = "tok_s_gpu",
    family: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Key (or keys, with commas) a line is drawn for; default: hardware, model, ..."
        ),
    ] = None,
    goals: Annotated[
        list[str] | None,
        typer.Option("--goal", metavar="GOAL", help="Only points that meet it, e.g. ttft:p99<500ms. Repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Chart; PNG and SVG beside each other. Default: DIR/pareto.png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the frontier as JSON and nothing else.")] = False,
) -> None:
    """The points of a sweep that no other point beats, and the knee."""
    from simulator.atomic import atomic_binary
    from simulator.cli.pareto_text import pareto_json, pareto_text
    from simulator.report.render import render
    from simulator.sweeping.bounds import Bounds
    from simulator.sweeping.result import load

    result, bounds = load(folder), Bounds(goals or ())
    found = result.frontier(x, y, bounds)
    rendered = render(lambda: result.plot.pareto(x, y, family=family, goals=goals or ()))
    target = out or folder / "pareto.png"
    written = []
    for kind, data in rendered.items():
        path = target.with_suffix(f".{kind}")
        with atomic_binary(path) as file:
            file.write(data)
        written.append(path)
    print(pareto_json(result, found) if as_json else pareto_text(result, found, bounds, written))
