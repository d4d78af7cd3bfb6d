"""The ``inferplan`` command: parse, call, print. Each command's work is imported when it is called."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator import __version__
from simulator.cli.calibrate import calibrate_app
from simulator.cli.complete import hardware_names, list_kinds
from simulator.cli.errors import exits_cleanly
from simulator.cli.estimate import estimate_command
from simulator.cli.export import export_command
from simulator.cli.goal import goal_command
from simulator.cli.init import init_command
from simulator.cli.pareto import pareto_command
from simulator.cli.plan import plan_command
from simulator.cli.report import report_command
from simulator.cli.schema import schema_command
from simulator.cli.show import show_command
from simulator.cli.sweep import sweep_command
from simulator.cli.trace import trace_app
from simulator.cli.validate import validate_command

app = typer.Typer(
    name="inferplan",
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
    bands: Annotated[
        bool | None,
        typer.Option(
            "--bands/--no-bands",
            help="80 % ranges of latencies and rates, for two more simulations; by default up to 20,000 requests.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")] = False,
    no_charts: Annotated[bool, typer.Option("--no-charts", help="Leave the charts out of DIR.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no result table.")] = False,
) -> None:
    """Simulate a scenario: latency, throughput and what limits them."""
    from simulator.cli.run import run_scenario

    run_scenario(
        scenario,
        overrides or [],
        out=out,
        seeds=seeds,
        bands=bands,
        as_json=as_json,
        charts=not no_charts,
        quiet=quiet,
    )


app.command("init")(exits_cleanly(init_command))
app.command("estimate")(exits_cleanly(estimate_command))
app.command("goal")(exits_cleanly(goal_command))
app.command("sweep")(exits_cleanly(sweep_command))
app.command("pareto")(exits_cleanly(pareto_command))
app.command("export")(exits_cleanly(export_command))
app.command("report")(exits_cleanly(report_command))
app.command("plan")(exits_cleanly(plan_command))
app.add_typer(trace_app, name="trace")
app.add_typer(calibrate_app, name="calibrate")
app.command("validate")(exits_cleanly(validate_command))
app.command("schema")(exits_cleanly(schema_command))


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
    what: Annotated[
        str,
        typer.Argument(
            help="models, hardware, nodes, workloads or policies.", metavar="WHAT", autocompletion=list_kinds
        ),
    ],
    search: Annotated[
        list[str] | None, typer.Argument(help="Only entries that contain every word.", metavar="SEARCH")
    ] = None,
) -> None:
    """Print the names the program knows, one per line."""
    from simulator.cli.catalog import list_names

    list_names(what, " ".join(search or []))


app.command("show")(exits_cleanly(show_command))


@app.command("compare")
@exits_cleanly
def compare_command(
    run: Annotated[Path, typer.Argument(help="Folder written by inferplan run --out.", metavar="RUN")],
    bench: Annotated[Path, typer.Argument(help="Result file of vllm bench serve.", metavar="BENCH.json")],
) -> None:
    """Set a run against your own vllm bench serve result."""
    from simulator.cli.compare import compare

    compare(run, bench)


@app.command("diff")
@exits_cleanly
def diff_command(
    before: Annotated[Path, typer.Argument(help="Folder written by inferplan run --out.", metavar="RUN_A")],
    after: Annotated[Path, typer.Argument(help="Another one.", metavar="RUN_B")],
) -> None:
    """Explain what makes two runs differ.

    Operators, queues and memory, each with its share of the difference.
    """
    from simulator.cli.compare import diff

    diff(before, after)


import_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Make a scenario from what another tool was told."
)
app.add_typer(import_app, name="import")


@import_app.callback()
def _import() -> None:
    pass


@import_app.command("vllm")
@exits_cleanly
def import_vllm_command(
    command: Annotated[str, typer.Argument(help="The whole command line, quoted.", metavar='"vllm serve ..."')],
    hardware: Annotated[
        str, typer.Option(help="Accelerator it runs on: inferplan list hardware.", autocompletion=hardware_names)
    ],
    workload: Annotated[str, typer.Option(help="Bundled workload, or a trace file.")] = "azure-conv-2023",
    log: Annotated[Path | None, typer.Option(help="Start-up log: KV cache size, model length.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scenario there.")] = None,
) -> None:
    """Turn a vllm serve command line into a scenario."""
    from simulator.cli.import_vllm import import_vllm

    import_vllm(command, hardware=hardware, workload=workload, log=log, out=out)


def main() -> None:
    """Entry point of the ``inferplan`` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a sign shows another one instead of failing
            stream.reconfigure(errors="replace")
    app(prog_name="inferplan")
