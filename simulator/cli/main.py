"""The ``inferplan`` command: parse, call, print. Each command's work is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator import __version__
from simulator.cli.errors import exits_cleanly
from simulator.cli.estimate import estimate_command

app = typer.Typer(
    name="inferplan",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="What latency, throughput and memory will a model have on this hardware under this traffic?",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"inferplan {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command("run")
@exits_cleanly
def run_command(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML).", metavar="SCENARIO.yaml")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one value, e.g. engine.max_num_seqs=128. Repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write summary, tables, charts and scenario there.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Run this many seeds and give 95 % intervals.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")] = False,
    no_charts: Annotated[bool, typer.Option("--no-charts", help="Leave the charts out of DIR.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no result table.")] = False,
) -> None:
    """Simulate a scenario: latency, throughput and what limits them."""
    from simulator.cli.run import run_scenario

    run_scenario(scenario, overrides or [], out=out, seeds=seeds, as_json=as_json, charts=not no_charts, quiet=quiet)


app.command("estimate")(exits_cleanly(estimate_command))


@app.command("conform")
@exits_cleanly
def conform(
    files: Annotated[list[Path], typer.Argument(help="Recorded schedules (.jsonl or .jsonl.gz).", metavar="FILE...")],
    loop: Annotated[str, typer.Option(help="fast, or reference: walk over every request.")] = "fast",
) -> None:
    """Replay recorded vLLM schedules and compare every step.

    Exit status 0 only if all are identical.
    """
    from simulator.cli.conform import conform_command

    conform_command(files, loop)


@app.command("list")
@exits_cleanly
def list_command(
    what: Annotated[str, typer.Argument(help="models, hardware, workloads or policies.", metavar="WHAT")],
) -> None:
    """Print the names the program knows, one per line."""
    from simulator.cli.catalog import list_names

    list_names(what)


def main() -> None:
    """Entry point of the ``inferplan`` command."""
    app(prog_name="inferplan")
