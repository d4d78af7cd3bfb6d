"""``inferplan calibrate engine``: an engine's host terms from whole measured runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from calibration.engine_fit.engine_fit import EngineFit
    from calibration.engine_fit.parameters import Vector
    from simulator.validation.case import Case


def engine_command(
    cases: Annotated[Path, typer.Argument(help="Measured runs, one JSON object a line.", metavar="CASES.jsonl")],
    engine: Annotated[str, typer.Option(help="Engine profile to start from, e.g. vllm-0.15.")],
    groups: Annotated[str, typer.Option(help="Groups of cases to fit to, with commas; quality A and B count.")],
    leave_one_model_out: Annotated[
        bool, typer.Option("--leave-one-model-out", help="Also fit without each model, and score that.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", help="Write the profile there, its folds in held_out/ beside it."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Most Gauss-Newton steps.")] = 2,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one per CPU when not given.")] = None,
) -> None:
    """Fit an engine's host terms and multipliers to measured runs.

    Few parameters, held near published priors, never one per model.
    """
    from calibration.engine_fit.choose import chosen_cases
    from calibration.engine_fit.engine_fit import fit_engine
    from simulator.cost.engine_profile import load_engine
    from simulator.validation.models_table import read_models
    from simulator.validation.validate import MODELS_FILE

    profile = load_engine(engine)
    wanted = [name.strip() for name in groups.split(",") if name.strip()]
    chosen = chosen_cases(cases, wanted, profile.name)
    found = fit_engine(
        chosen,
        read_models(cases.parent / MODELS_FILE),
        profile,
        hold_out=leave_one_model_out,
        max_steps=steps,
        workers=workers,
        say=lambda text: typer.echo(text, err=True),
    )
    _print_terms(found)
    _print_errors(chosen, found)
    if out is not None:
        _write(out, profile.name, wanted, found)


def _print_terms(fit: EngineFit) -> None:
    from calibration.engine_fit.parameters import PARAMETERS, named

    low, high = (named(bound) for bound in fit.range())
    typer.echo(f"{'term':<30}{'value':>10}{'low':>10}{'high':>10}{'prior':>10}")
    for parameter, value in zip(PARAMETERS, fit.values, strict=True):
        bounds = f"{low[parameter.key]:>10.4g}{high[parameter.key]:>10.4g}{parameter.prior:>10.4g}"
        typer.echo(f"{parameter.key:<30}{value:>10.4g}{bounds}")


def _print_errors(cases: list[Case], fit: EngineFit) -> None:
    """Median / p90 APE by group and metric."""
    rows = dict.fromkeys((cases[one.case].group, one.metric) for one in fit.observed)
    typer.echo(f"\n{'group':<24}{'metric':<16}{'n':>4}{'in sample':>16}{'held out':>16}  median / p90 APE %")
    for group, metric in rows:
        places = [
            place for place, one in enumerate(fit.observed) if (cases[one.case].group, one.metric) == (group, metric)
        ]
        held_out = "" if fit.held_out is None else _ape(fit.held_out[places])
        typer.echo(f"{group:<24}{metric:<16}{len(places):>4}{_ape(fit.in_sample[places]):>16}{held_out:>16}")


def _ape(signed: Vector) -> str:
    import numpy as np

    return f"{np.median(abs(signed)):.1f} / {np.quantile(abs(signed), 0.9):.1f}"


def _write(out: Path, engine: str, groups: list[str], fit: EngineFit) -> None:
    from calibration.engine_fit.files import held_out_text, profile_text, write_fit
    from simulator.cost.engine_profile import engine_files

    source = out if out.is_file() else next(path for path in engine_files() if path.stem == engine)
    old = source.read_text(encoding="utf-8")
    texts = {out: profile_text(old, fit, source)}
    if fit.folds:
        texts[out.parent / "held_out" / f"{out.stem}.yaml"] = held_out_text(engine, groups, fit)
    write_fit(out, texts)
    for path in texts:
        typer.echo(f"wrote {path}")
