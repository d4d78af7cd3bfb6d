"""``inferplan estimate``: the closed-form estimate of one batch, as tables, JSON or a roofline picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from simulator.cost.estimate import EstimateResult, PhaseEstimate

_BAR = 20
_BOUND_STYLE = {"compute": "blue", "memory": "dark_orange", "launch": "magenta", "network": "green", "host": "grey50"}


def estimate_command(
    model: Annotated[str, typer.Option(help="Catalog name, Hugging Face id, or path of a config.json.")],
    hardware: Annotated[str, typer.Option(help="Profile name, alias (h100) or path of a profile.")],
    tp: Annotated[int, typer.Option(help="Tensor-parallel size.")] = 1,
    batch: Annotated[int, typer.Option(help="Requests in the batch.")] = 1,
    isl: Annotated[int, typer.Option(help="Prompt tokens of each.")] = 1024,
    osl: Annotated[int, typer.Option(help="Output tokens of each.")] = 128,
    weight_dtype: Annotated[str | None, typer.Option(help="bf16, fp16, fp8 or int8; default: the model's.")] = None,
    kv_dtype: Annotated[str | None, typer.Option(help="bf16, fp16, fp8 or int8; default: 16 bit.")] = None,
    detail: Annotated[bool, typer.Option("--detail", help="Every operator of prefill and decode.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write a roofline plot (.png, .svg or .pdf).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Latency, throughput and memory of one batch, without traffic."""
    from simulator.cost.estimate import estimate

    result = estimate(
        model, hardware, tp=tp, batch=batch, isl=isl, osl=osl, weight_dtype=weight_dtype, kv_dtype=kv_dtype
    )
    if plot is not None:
        from simulator.cost.roofline_plot import write_roofline_plot

        write_roofline_plot(result, plot)
    if as_json:
        _print_json(result, detail)
    else:
        _print_tables(result, detail)
        if plot is not None:
            typer.echo(f"roofline plot: {plot}")


def _print_json(result: EstimateResult, detail: bool) -> None:
    import json

    content = result.summary()
    if detail:
        frame = result.to_frame()
        content["operators"] = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    typer.echo(json.dumps(content, indent=2))


def _print_tables(result: EstimateResult, detail: bool) -> None:
    from rich.console import Console

    console = Console(width=None if _is_terminal() else 120)
    _print_summary(console, result)
    phases = (result.prefill, result.decode)
    if detail:
        for phase in phases:
            console.print(_operator_table(phase))
    else:
        console.print(_bound_table(phases))
        console.print("[dim]--detail lists every operator; figures are for this batch alone, without traffic[/dim]")


def _is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()


def _print_summary(console: Console, result: EstimateResult) -> None:
    from rich.table import Table

    from simulator.cost.estimate import rounded, with_band
    from simulator.hardware.profile import GIB

    deployment, memory = result.deployment, result.memory
    dtypes = deployment.dtypes
    console.print(
        f"[bold]{deployment.model.name}[/bold] on {deployment.tensor_parallel_size} x {deployment.hardware.name}, "
        f"batch {result.batch}, {result.isl} tokens in, {result.osl} out "
        f"(weights {dtypes.weights}, KV {dtypes.kv}, engine {deployment.engine.name})"
    )
    table = Table(show_header=False, box=None, pad_edge=False)
    prefill, decode = result.prefill.band, result.decode.band
    table.add_row("TTFT", f"{with_band(result.ttft_s * 1e3, prefill)} ms", "whole batch prefilled together")
    table.add_row("TPOT", f"{with_band(result.tpot_s * 1e3, decode)} ms", "one decode step at mean context")
    table.add_row(
        "speed",
        f"{rounded(result.output_tokens_per_s, decode)} tok/s",
        f"output of the batch; {rounded(result.tokens_per_s_per_user, decode)} tok/s per user while decoding",
    )
    table.add_row(
        "memory",
        f"{(memory.weight_bytes_per_gpu + memory.kv_bytes_per_gpu + memory.reserved_bytes) / GIB:.1f} GiB per GPU",
        f"weights {memory.weight_bytes_per_gpu / GIB:.1f}, KV {memory.kv_bytes_per_gpu / GIB:.1f} "
        f"({memory.max_tokens:,} tokens in {memory.num_blocks:,} blocks), reserve {memory.reserved_bytes / GIB:.1f}",
    )
    console.print(table)


def _bound_table(phases: tuple[PhaseEstimate, ...]) -> Table:
    """Time of each phase by what bounds it."""
    from rich.table import Table

    table = Table(title="where the time goes", title_justify="left")
    for column in ("phase", "bound by", "time", "share", ""):
        table.add_column(column, justify="right" if column in ("time", "share") else "left")
    for phase in phases:
        by_bound: dict[str, float] = {}
        for row in phase.operators:
            by_bound[row.bound] = by_bound.get(row.bound, 0.0) + row.seconds
        for bound, seconds in sorted(by_bound.items(), key=lambda item: -item[1]):
            share = seconds / phase.seconds
            table.add_row(phase.name, bound, milliseconds(seconds), f"{share:.0%}", _bar(share, bound))
        table.add_section()
    return table


def _operator_table(phase: PhaseEstimate) -> Table:
    from rich.table import Table

    title = f"{phase.name}: {milliseconds(phase.seconds)} ± {phase.band:.0%}"
    table = Table(title=title, title_justify="left")
    for column, justify in (
        ("operator", "left"), ("time", "right"), ("share", "right"), ("", "left"), ("bound", "left"),
        ("roofline", "right"), ("GFLOP", "right"), ("MB", "right"), ("constants", "left"), ("error", "right"),
    ):  # fmt: skip
        table.add_column(column, justify="right" if justify == "right" else "left", no_wrap=True)
    for row in sorted(phase.operators, key=lambda row: -row.seconds):
        share = row.seconds / phase.seconds
        moved = row.bytes if not row.collective_bytes else row.collective_bytes
        table.add_row(
            row.name,
            milliseconds(row.seconds),
            f"{share:.1%}",
            _bar(share, row.bound),
            row.bound,
            "" if row.roofline is None else f"{row.roofline:.0%}",
            f"{row.flops / 1e9:,.1f}" if row.flops else "",
            f"{moved / 1e6:,.1f}" if moved else "",
            row.origin.provenance,
            f"{row.origin.median_error:.0%} / {row.origin.p90_error:.0%}",
        )
    table.caption = "error: median / p90 of single kernels on shapes held out of the fit; FLOP and bytes of one GPU"
    return table


def _bar(share: float, bound: str) -> str:
    filled = max(1, round(share * _BAR)) if share >= 0.005 else 0
    return f"[{_BOUND_STYLE[bound]}]{'█' * filled}[/]"


def milliseconds(seconds: float) -> str:
    """Three significant digits of milliseconds."""
    value = seconds * 1e3
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} ms"
