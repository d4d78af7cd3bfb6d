"""``inferplan estimate``: the closed-form estimate of one batch, as tables, JSON or a roofline picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.complete import hardware_names, model_names

if TYPE_CHECKING:
    from simulator.cost.estimate import EstimateResult


def estimate_command(
    model: Annotated[
        str, typer.Option(help="Catalog name, Hugging Face id, or path of a config.json.", autocompletion=model_names)
    ],
    hardware: Annotated[
        str, typer.Option(help="Profile name, alias (h100) or path of a profile.", autocompletion=hardware_names)
    ],
    tp: Annotated[int, typer.Option(help="Tensor-parallel size.")] = 1,
    batch: Annotated[int, typer.Option(help="Requests in the batch.")] = 1,
    isl: Annotated[int, typer.Option(help="Prompt tokens of each.")] = 1024,
    osl: Annotated[int, typer.Option(help="Output tokens of each.")] = 128,
    weight_dtype: Annotated[str | None, typer.Option(help="bf16, fp16, fp8 or int8; default: the model's.")] = None,
    kv_dtype: Annotated[str | None, typer.Option(help="bf16, fp16, fp8 or int8; default: 16 bit.")] = None,
    fits: Annotated[Path | None, typer.Option(help="Your own kernel constants (inferplan calibrate fit).")] = None,
    exact: Annotated[Path | None, typer.Option(help="Measured rows (CSV), taken as they are at their shapes.")] = None,
    detail: Annotated[bool, typer.Option("--detail", help="Every operator of prefill and decode.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write a roofline plot (.png, .svg or .pdf).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Latency, throughput and memory of one batch, without traffic."""
    from simulator.cli.estimate_tables import print_estimate
    from simulator.cost.estimate import estimate

    result = estimate(
        model,
        hardware,
        tp=tp,
        batch=batch,
        isl=isl,
        osl=osl,
        weight_dtype=weight_dtype,
        kv_dtype=kv_dtype,
        fits=fits,
        exact=exact,
    )
    if plot is not None:
        from simulator.cost.roofline_plot import write_roofline_plot

        write_roofline_plot(result, plot)
    if as_json:
        _print_json(result, detail)
    else:
        print_estimate(result, detail=detail)
        if plot is not None:
            typer.echo(f"roofline plot: {plot}")


def _print_json(result: EstimateResult, detail: bool) -> None:
    import json

    from simulator.energy.batch_economics import batch_economics

    content = result.summary() | batch_economics(result)
    if detail:
        frame = result.to_frame()
        content["operators"] = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    typer.echo(json.dumps(content, indent=2))
