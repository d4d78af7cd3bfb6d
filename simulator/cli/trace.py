"""``inferplan trace``: look at a trace, write it in another format, fit a profile to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.cli.errors import exits_cleanly

trace_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Describe, convert or imitate a recorded trace.",
)

_File = Annotated[Path, typer.Argument(help="Trace of any known format, possibly gzipped.", metavar="FILE")]
_Format = Annotated[str, typer.Option("--format", help="Format of FILE; auto: by content.")]
_Limit = Annotated[int | None, typer.Option("--limit", help="Read this many requests at most.")]
_Scale = Annotated[float, typer.Option("--rate-scale", help="Compress arrivals (2 = twice the rate; 1000 = ms to s).")]
_Spread = Annotated[float, typer.Option("--spread-batch-s", help="Spread requests of one time stamp over seconds.")]


@trace_app.command("describe")
@exits_cleanly
def describe_command(
    file: _File,
    format: _Format = "auto",
    limit: _Limit = None,
    rate_scale: _Scale = 1.0,
    spread_batch_s: _Spread = 0.0,
    block_size: Annotated[int, typer.Option(help="Tokens of a block for prefix reuse.")] = 16,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Rate, burstiness, token quantiles and prefix reuse of a trace."""
    from simulator.cli.trace_text import description_text
    from simulator.workload.describe import describe

    trace = _load(file, format, limit, rate_scale, spread_batch_s)
    figures: dict[str, Any] = {"format": trace.format, **describe(trace.table, block_size), "notes": list(trace.notes)}
    figures["rows_out_of_order"] = trace.rows_out_of_order
    print(json.dumps(figures, indent=2) if as_json else description_text(file, figures))


@trace_app.command("convert")
@exits_cleanly
def convert_command(
    file: _File,
    out: Annotated[Path, typer.Argument(help="File to write; packed where its name ends in .gz.", metavar="OUT")],
    to: Annotated[str, typer.Option("--to", help="csv, mooncake or jsonl (jsonl keeps everything).")],
    format: _Format = "auto",
    limit: _Limit = None,
    rate_scale: _Scale = 1.0,
    spread_batch_s: _Spread = 0.0,
) -> None:
    """Write a trace in another format, and say what that format cannot hold."""
    from simulator.workload.writers import write_trace

    trace = _load(file, format, limit, rate_scale, spread_batch_s)
    lost = write_trace(trace.table, out, to)
    print(f"{out}: {len(trace.table)} requests ({trace.format} -> {to})")
    _print_notes((*trace.notes, *lost))


@trace_app.command("synthesize")
@exits_cleanly
def synthesize_command(
    file: _File,
    out: Annotated[Path, typer.Argument(help="Profile to write.", metavar="OUT.yaml")],
    format: _Format = "auto",
    limit: _Limit = None,
    rate_scale: _Scale = 1.0,
    spread_batch_s: _Spread = 0.0,
    tolerance: Annotated[float, typer.Option(help="Greatest distance of the token counts, in probability.")] = 0.004,
) -> None:
    """Fit a profile that can be handed on without the trace: rates, burstiness, quantiles, correlation."""
    from simulator.errors import InputError
    from simulator.workload.fit_profile import fit_profile
    from simulator.workload.profile_file import write_profile

    if out.suffix not in (".yaml", ".yml"):
        raise InputError("a profile is a .yaml file", path="OUT", value=str(out))
    if not 0 < tolerance <= 0.1:
        raise InputError("must lie in 0..0.1", path="--tolerance", value=tolerance)
    trace = _load(file, format, limit, rate_scale, spread_batch_s)
    fitted = fit_profile(trace.table, out.stem, tolerance=tolerance)
    write_profile(fitted.profile, out)
    fit, arrival = fitted.profile.fit, fitted.profile.spec.arrival
    print(
        f"{out}: {arrival.kind} arrivals; Kolmogorov-Smirnov distance of prompts {fit['prompt_ks_distance']:.4f}, "
        f"of outputs {fit['output_ks_distance']:.4f}"
    )
    _print_notes((*trace.notes, *fitted.notes))


def _load(file: Path, format: str, limit: int | None, rate_scale: float, spread_batch_s: float) -> Any:
    from simulator.workload.readers import load_trace

    return load_trace(file, format, limit=limit, rate_scale=rate_scale, spread_batch_s=spread_batch_s)


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        print(f"note: {note}")
