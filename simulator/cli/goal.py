"""``inferplan goal``: the largest load a scenario sustains under goals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulator.study.seed_search import OnProbe


def goal_command(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML).", metavar="SCENARIO.yaml")],
    goals: Annotated[
        list[str] | None,
        typer.Option("--goal", metavar="GOAL", help="ttft:p95<300ms, e2e:mean<10s, goodput>=0.99, ... Repeatable."),
    ] = None,
    maximize: Annotated[str, typer.Option(help="rate, concurrency, or goodput.")] = "rate",
    goodput: Annotated[
        str | None, typer.Option(metavar="SLO", help="What makes a request good, in ms: 'ttft:200 tpot:50'.")
    ] = None,
    low: Annotated[float | None, typer.Option(help="Smallest load to try (requests/s, or in flight).")] = None,
    high: Annotated[float | None, typer.Option(help="Largest load to try.")] = None,
    tolerance: Annotated[float, typer.Option(help="Relative step between loads.")] = 0.02,
    seeds: Annotated[int, typer.Option(help="Repetitions; the interval comes from them.")] = 5,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the answer does not depend on it.")] = 1,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one value. Repeatable.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write goal.json, points.csv, charts and scenario there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print goal.json and nothing else.")] = False,
) -> None:
    """The largest load that meets goals, and what binds."""
    from simulator.cli.goal_text import answer_text
    from simulator.errors import InputError
    from simulator.report.files import write_folder
    from simulator.scenario.schema import Scenario
    from simulator.study.charts import CHART_FILES
    from simulator.study.find import find
    from simulator.study.question import ask
    from simulator.study.tables import answer_json, points_csv
    from simulator.wiring import wire

    question = ask(
        Scenario.from_yaml(scenario, overrides or []),
        goals or [],
        goodput=goodput,
        maximize=maximize,
        low=low,
        high=high,
        tolerance=tolerance,
        seeds=seeds,
    )
    if out is not None and out.exists() and not out.is_dir():
        raise InputError("is a file, not a folder to write results into", file=out)
    with _progress() as on_probe:
        answer = find(question, workers=workers, curve=out is not None, on_probe=on_probe)
    written = []
    if out is not None:
        files = {"goal.json": answer_json(answer).encode(), "points.csv": points_csv(answer).encode()}
        files["scenario.resolved.yaml"] = wire(question.scenario).scenario.to_yaml().encode()
        files |= answer.plot.files()
        written = write_folder(out, files, outdated=CHART_FILES)
    print(answer_json(answer) if as_json else answer_text(answer, written), end="" if as_json else "\n")


@contextmanager
def _progress() -> Iterator[OnProbe | None]:
    """Names the run just done, where a terminal is there to show it."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    from simulator.study.probe import Probe

    with Console(stderr=True).status("searching") as shown:

        def on_probe(probe: Probe) -> None:
            shown.update(f"seed {probe.seed}: {probe.load:.4g} {'met' if probe.met else 'missed'} ({probe.ended})")

        yield on_probe
