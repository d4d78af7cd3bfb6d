"""``inferplan calibrate measure``: time real kernels on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.errors import InputError

if TYPE_CHECKING:
    from calibration.measure.harness import Session

_SECONDS = {"s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


def measure_command(
    device: Annotated[str, typer.Option(help="cuda, cpu, xla or neuron.", metavar="KIND")],
    budget: Annotated[
        str | None, typer.Option(help="Time to spend: 90s, 8m, 1h. [default: 8m, on a CPU 150s]", metavar="TIME")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file; rows it holds are not timed again. [<device>.csv]")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Only these kernel classes, e.g. gemm,attn_decode.")
    ] = None,
    points: Annotated[
        int, typer.Option(min=8, max=256, help="Shapes per kernel class and number format; minor classes take half.")
    ] = 64,
    hardware: Annotated[
        str | None, typer.Option(help="Data sheet of the device, where it does not tell (xla, neuron).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress lines.")] = False,
) -> None:
    """Time real torch kernels and append them to a CSV file.

    On a CPU a hardware profile of this machine is written beside it.
    """
    from calibration.measure.backends.registry import open_backend
    from calibration.measure.harness import measure
    from calibration.measure.plan import chosen_classes

    chosen = chosen_classes(classes)
    budget_s = None if budget is None else parse_budget(budget)
    backend = open_backend(device, hardware)
    session = measure(
        backend,
        out or Path(f"{backend.device_name()}.csv"),
        chosen,
        points=points,
        budget_s=budget_s or backend.default_budget_s,
        on_progress=None if quiet else _print_progress,
    )
    _print_session(session)


def parse_budget(text: str) -> float:
    """Seconds of ``90``, ``90s``, ``8m``, ``1.5h``. Raises ``InputError`` for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip().lower())
    seconds = float(found.group(1)) * _SECONDS[found.group(2)] if found else 0.0
    if not 1 <= seconds <= 86400:
        raise InputError("must be a time from 1s to 24h, such as 90s or 8m", path="--budget", value=text)
    return seconds


def _print_progress(done: int, total: int, spent_s: float) -> None:
    typer.echo(f"{done} of {total} shapes, {spent_s:.0f} s", err=True)


def _print_session(session: Session) -> None:
    report = session.report
    known = f", {report.already_there} were there already" if report.already_there else ""
    typer.echo(f"{report.written} rows written to {session.csv} in {report.spent_s:.0f} s{known}")
    typer.echo(f"versions and clocks: {session.meta}")
    if session.profile is not None:
        typer.echo(f"profile of this machine: {session.profile}")
    for group, reason in sorted(report.left_out.items()):
        typer.echo(f"not measured: {group}: {reason}")
    if report.cut:
        cut = ", ".join(f"{group} {count}" for group, count in sorted(report.cut.items()))
        typer.echo(f"cut by the budget (shapes left out; start again with the same --out to go on): {cut}")
