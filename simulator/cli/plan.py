"""``inferplan plan``: the cheapest fleet that carries given traffic under given goals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulator.planning.planner import OnStage


def plan_command(
    question: Annotated[
        list[str] | None,
        typer.Argument(help="Plan file (YAML); goals may stand here too.", metavar="[PLAN.yaml] [GOAL]..."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Catalog name, Hugging Face id or config.json.")] = None,
    rate: Annotated[float | None, typer.Option(help="Requests per second, mean of a day.")] = None,
    goals: Annotated[
        list[str] | None,
        typer.Option("--goal", metavar="GOAL", help="ttft:p95<500ms, tpot:p95<40ms, goodput>=0.99 ... Repeatable."),
    ] = None,
    hardware: Annotated[
        list[str] | None, typer.Option(metavar="NAME,...", help="Accelerators to choose from. Repeatable.")
    ] = None,
    workload: Annotated[
        str | None, typer.Option(help="Bundled workload (azure-conv-2023 without a file), profile (YAML) or trace.")
    ] = None,
    isl: Annotated[int | None, typer.Option(help="Prompt tokens of every request, instead of a workload.")] = None,
    osl: Annotated[int | None, typer.Option(help="Output tokens of every request.")] = None,
    peak_to_mean: Annotated[float | None, typer.Option(help="Busiest hour of the day over its mean.")] = None,
    headroom: Annotated[float | None, typer.Option(help="Share kept free on top of the peak, e.g. 0.2.")] = None,
    spare: Annotated[int | None, typer.Option(help="Replicas that may fail (N+k).")] = None,
    minimize: Annotated[str | None, typer.Option(help="cost, energy, devices or carbon.")] = None,
    goodput: Annotated[
        str | None, typer.Option(metavar="SLO", help="What makes a request good, in ms: 'ttft:200 tpot:50'.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one value. Repeatable.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the answer does not depend on it.")] = 1,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write plan.json, candidates.csv, launch files and charts.")
    ] = None,
    no_charts: Annotated[bool, typer.Option("--no-charts", help="Leave the charts out of DIR.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print plan.json and nothing else.")] = False,
) -> None:
    """The cheapest fleet that meets goals under given traffic."""
    from simulator.cli.plan_options import PlanOptions, plan_document
    from simulator.cli.plan_text import plan_text
    from simulator.errors import InputError
    from simulator.planning.planner import plan
    from simulator.planning.schema import Plan

    options = PlanOptions(
        model=model,
        rate=rate,
        goals=goals or [],
        hardware=hardware or [],
        workload=workload,
        isl=isl,
        osl=osl,
        peak_to_mean=peak_to_mean,
        headroom=headroom,
        spare=spare,
        minimize=minimize,
        goodput=goodput,
    )
    asked = Plan.from_document(plan_document(question or [], options), overrides or [])
    if out is not None and out.exists() and not out.is_dir():
        raise InputError("is a file, not a folder to write results into", file=out)
    with _progress() as on_stage:
        result = plan(asked, workers=workers, on_stage=on_stage)
        written = result.save(out, charts=not no_charts) if out is not None else []
    print(result.to_json() if as_json else plan_text(result, written), end="" if as_json else "\n")


@contextmanager
def _progress() -> Iterator[OnStage | None]:
    """Names the stage, where a terminal is there to show it."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as shown:

        def on_stage(stage: str, done: int, total: int, best: str) -> None:
            shown.update(f"{stage} {done}/{total}" + (f", best so far {best}" if best else ""))

        yield on_stage
