"""An estimate as tables for the terminal: figures are never cut, columns are left out where there is no room."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import floor, log10

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from simulator.cost.band_text import BAND_MEANING, rounded, with_range
from simulator.cost.estimate import EstimateResult, PhaseEstimate, milliseconds_with_range
from simulator.cost.step_cost import OperatorTime
from simulator.energy.batch_economics import batch_economics
from simulator.hardware.profile import GIB
from simulator.report.economics import economics_lines

_BAR = 20
_PIPED_WIDTH = 120
_BOUND_STYLE = {"compute": "blue", "memory": "dark_orange", "launch": "magenta", "network": "green", "host": "grey50"}

_LAYERS = "constants: L0 data sheet, L1 closed form, L2 closed form and correction, L3 a measured row"

_LEFT_OUT: tuple[tuple[str, ...], ...] = (
    (),
    ("",),
    ("", "FLOP", "bytes"),
    ("", "FLOP", "bytes", "constants"),
    ("", "FLOP", "bytes", "constants", "error"),
)
"""Columns a narrower terminal does without, widest table first; the bar has no heading."""


def print_estimate(result: EstimateResult, *, detail: bool) -> None:
    """The figures of the batch, and by operator (``detail``) or by bound where the time goes."""
    console = _console()
    _print_summary(console, result)
    if detail:
        for phase in result.phases:
            _print_whole(console, [_operator_table(phase, out) for out in _LEFT_OUT])
        _say(console, "error: median / p90 of single kernels on shapes held out of the fit; FLOP and bytes of one GPU")
        _say(console, _LAYERS)
    else:
        _print_whole(console, [_bound_table(result.phases)])
        _say(console, "--detail lists every operator; figures are for this batch alone, without traffic")
    _say(console, BAND_MEANING)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def _say(console: Console, text: str) -> None:
    console.print(text, style="dim", markup=False)


def _print_whole(console: Console, tables: list[Table]) -> None:
    """The first table that fits, or the last; a pipe has room for the first. Never an ellipsis in place of a figure."""
    wide = Console(width=10_000)
    widths = [Measurement.get(wide, wide.options, table).maximum for table in tables]
    fitting = [i for i, width in enumerate(widths) if width <= console.width]
    chosen = 0 if not sys.stdout.isatty() else fitting[0] if fitting else len(tables) - 1
    Console(width=max(console.width, widths[chosen]), highlight=False).print(tables[chosen])


def _print_summary(console: Console, result: EstimateResult) -> None:
    deployment = result.deployment
    dtypes = deployment.dtypes
    console.print(
        f"[bold]{deployment.model.name}[/bold] on {deployment.tensor_parallel_size} x {deployment.hardware.name}, "
        f"batch {result.batch:,}, {result.isl:,} tokens in, {result.osl:,} out\n"
        f"weights {dtypes.weights}, activations {dtypes.activations}, KV {dtypes.kv}, engine {deployment.engine.name}"
    )
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    bands = result.bands
    ttft = milliseconds_with_range(result.ttft_s, bands.ttft_s)
    table.add_row("TTFT", ttft, "whole batch prefilled together")
    if result.tpot_s is not None:
        table.add_row("TPOT", milliseconds_with_range(result.tpot_s, bands.tpot_s), "one decode step at mean context")
    speed = with_range(result.output_tokens_per_s, *bands.output_tokens_per_s, "tok/s")
    table.add_row("speed", speed, _speed(result))
    _add_memory(table, result)
    for name, text in economics_lines(batch_economics(result)):
        table.add_row(name, *_figure_and_rest(text))
    console.print(table)


def _figure_and_rest(text: str) -> tuple[str, str]:
    """The figure, and in the last column what it assumes."""
    head, bracket, rest = text.partition(" (")
    return (head, bracket.lstrip() + rest) if bracket else ("", text)


def _speed(result: EstimateResult) -> str:
    per_user = result.tokens_per_s_per_user
    if per_user is None:
        return "first tokens of the batch; nothing is decoded"
    return f"output of the batch; {rounded(per_user, per_user * result.phases[-1].band)} tok/s per user while decoding"


def _add_memory(table: Table, result: EstimateResult) -> None:
    """What this batch needs, and what the engine sets aside whatever the batch."""
    memory, needed = result.memory, result.batch_bytes_per_gpu
    fixed = memory.weight_bytes_per_gpu + memory.reserved_bytes
    table.add_row(
        "memory",
        f"{(fixed + needed) / GIB:.1f} GiB per GPU",
        f"needed: weights {memory.weight_bytes_per_gpu / GIB:.1f}, reserve {memory.reserved_bytes / GIB:.1f}, KV of "
        f"this batch {needed / GIB:.1f} ({result.batch_blocks:,} blocks)",
    )
    table.add_row(
        "KV cache",
        f"{memory.kv_bytes_per_gpu / GIB:.1f} GiB per GPU",
        f"what the engine takes of {memory.gpu_memory_utilization:.0%} of the memory: {memory.max_tokens:,} tokens in "
        f"{memory.usable_blocks:,} blocks",
    )


def _bound_table(phases: tuple[PhaseEstimate, ...]) -> Table:
    """Time of each phase by what bounds it."""
    table = Table(title="where the time goes", title_justify="left")
    for column in ("phase", "bound by", "time", "share", ""):
        table.add_column(column, justify="right" if column in ("time", "share") else "left", no_wrap=True)
    for phase in phases:
        by_bound: dict[str, float] = {}
        for row in phase.operators:
            by_bound[row.bound] = by_bound.get(row.bound, 0.0) + row.seconds
        for bound, seconds in sorted(by_bound.items(), key=lambda item: -item[1]):
            share = seconds / phase.seconds
            table.add_row(phase.name, bound, milliseconds(seconds), f"{share:.0%}", _bar(share, bound))
        table.add_section()
    return table


_Cell = Callable[[OperatorTime, PhaseEstimate], str]
_COLUMNS: dict[str, tuple[bool, _Cell]] = {
    "operator": (False, lambda row, _: row.name),
    "time": (True, lambda row, _: milliseconds(row.seconds)),
    "share": (True, lambda row, phase: f"{row.seconds / phase.seconds:.1%}"),
    "": (False, lambda row, phase: _bar(row.seconds / phase.seconds, row.bound)),
    "bound": (False, lambda row, _: row.bound),
    "roofline": (True, lambda row, _: "" if row.roofline is None else f"{row.roofline:.0%}"),
    "FLOP": (True, lambda row, _: amount(row.flops)),
    "bytes": (True, lambda row, _: amount(row.collective_bytes or row.bytes)),
    "constants": (False, lambda row, _: f"{row.origin.layer} {row.origin.provenance}".strip()),
    "error": (True, lambda row, _: f"{row.origin.median_error:.0%} / {row.origin.p90_error:.0%}"),
}
"""Heading -> (right-justified, what stands in it)."""


def _operator_table(phase: PhaseEstimate, left_out: tuple[str, ...]) -> Table:
    table = Table(title=f"{phase.name}: {_phase_time(phase)}", title_justify="left")
    columns = {name: column for name, column in _COLUMNS.items() if name not in left_out}
    for name, (right, _) in columns.items():
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for row in sorted(phase.operators, key=lambda row: -row.seconds):
        table.add_row(*(cell(row, phase) for _, cell in columns.values()))
    return table


def _phase_time(phase: PhaseEstimate) -> str:
    low, high = phase.factors
    return milliseconds_with_range(phase.seconds, (phase.seconds * low, phase.seconds * high))


def _bar(share: float, bound: str) -> str:
    filled = max(1, round(share * _BAR)) if share >= 0.005 else 0
    return f"[{_BOUND_STYLE[bound]}]{'█' * filled}[/]"


def milliseconds(seconds: float) -> str:
    """Three significant digits of milliseconds."""
    value = seconds * 1e3
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} ms"


def amount(value: float) -> str:
    """Three significant digits with a prefix: ``7.70 T``, ``671 M``; nothing for 0."""
    if value <= 0:
        return ""
    step = min(max(floor(log10(float(f"{value:.3g}")) / 3), 0), 5)
    scaled = value / 1000**step
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{digits}f} {('', 'k', 'M', 'G', 'T', 'P')[step]}".rstrip()
