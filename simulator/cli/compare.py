"""``inferplan compare`` and ``inferplan diff``: print two results side by side."""

from __future__ import annotations

from pathlib import Path

import typer

from simulator.comparison.against_bench import compare_with_bench, workload_mismatch
from simulator.comparison.between_runs import difference
from simulator.comparison.folder import read_bench, read_run
from simulator.errors import InputError


def compare(run: Path, bench: Path) -> None:
    """A run against a measured ``vllm bench serve`` result."""
    summary, measured = read_run(run), read_bench(bench)
    rows = compare_with_bench(summary, measured)
    if not rows:
        raise InputError("shares no metric with the run", file=bench)
    for line in workload_mismatch(summary, measured):
        typer.echo(f"warning: {line}: the loads are not the same", err=True)
    typer.echo(f"{'metric':<24}{'predicted':>11}{'band':>19}{'measured':>11}{'error':>8}  in band")
    for row in rows:
        error = "" if row.error is None else f"{row.error:+.1%}"
        band = f"{_short(row.low)} - {_short(row.high)}"
        inside = "yes" if row.inside else "no"
        typer.echo(f"{row.name:<24}{_short(row.predicted):>11}{band:>19}{_short(row.measured):>11}{error:>8}  {inside}")
    typer.echo("\nerror = predicted / measured - 1; band = typical error of the step times, which queueing can amplify")


def diff(before: Path, after: Path) -> None:
    """What makes two runs different."""
    found = difference(read_run(before), read_run(after))
    for sentence in found.sentences:
        typer.echo(f"* {sentence}")
    typer.echo(f"\n{'metric':<24}{before.name[:18]:>19}{after.name[:18]:>19}{'change':>9}")
    for pair in found.metrics:
        change = "" if pair.relative is None else f"{pair.relative:+.1%}"
        typer.echo(f"{pair.name:<24}{_short(pair.right):>19}{_short(pair.left):>19}{change:>9}")
    typer.echo(f"\n{'operator, ms per step':<24}{before.name[:18]:>19}{after.name[:18]:>19}{'change':>9}")
    for operator in found.operators:
        if max(operator.before_ms, operator.after_ms) >= 0.005:
            typer.echo(
                f"{operator.name:<24}{_short(operator.before_ms):>19}"
                f"{_short(operator.after_ms):>19}{operator.change_ms:>+9.3f}"
            )


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
