"""Write what a fit found: values and ranges into an engine profile, fold constants beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from calibration.engine_fit.engine_fit import EngineFit
from calibration.engine_fit.parameters import named
from simulator.atomic import write_text
from simulator.errors import InputError

_TERM = r"^({key}: *\{{value: *)[^,}}]+(, *low: *)[^,}}]+(, *high: *)[^,}}]+"


def profile_text(text: str, fit: EngineFit, path: Path) -> str:
    """The profile file ``text`` with the fitted values and ranges; comments, sources and other terms stay.

    Raises ``InputError`` when a fitted term does not stand on a line of its own as ``key: {value: .., low: .., ...}``.
    """
    low, high = (named(bound) for bound in fit.range())
    for key, value in named(fit.values).items():
        figures = tuple(_figure(number) for number in (value, low[key], high[key]))
        text = _replaced(text, key, figures, path)
    return text


def held_out_text(engine: str, groups: list[str], fit: EngineFit) -> str:
    """The file of fold constants (read by ``simulator.validation.held_out``)."""
    lines = [
        f"# Host terms of {engine} fitted without one model's runs, for predictions of that model's runs.",
        f"# Made by `inferplan calibrate engine`, {date.today().isoformat()}; units as in ../{engine}.yaml.",
        f"engine: {engine}",
        f'source: "own fit to measured runs of {", ".join(groups)}, the named model left out"',
        f"groups: [{', '.join(groups)}]",
        "held_out:",
    ]
    for model, values in fit.folds.items():
        terms = ", ".join(f"{key}: {_figure(value)}" for key, value in named(values).items())
        lines.append(f'  "{model}": {{{terms}}}')
    return "\n".join(lines) + "\n"


def write_fit(path: Path, texts: Mapping[Path, str]) -> None:
    """Write every file atomically; ``path`` last, so that a profile never precedes its folds."""
    for target in sorted(texts, key=lambda name: name == path):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(target, texts[target])


def _replaced(text: str, key: str, figures: tuple[str, ...], path: Path) -> str:
    value, low, high = figures
    pattern = _TERM.format(key=re.escape(key))
    new, count = re.subn(pattern, rf"\g<1>{value}\g<2>{low}\g<3>{high}", text, flags=re.MULTILINE)
    if count != 1:
        raise InputError("must stand on one line as {value: .., low: .., high: .., source: ..}", file=path, path=key)
    return new


def _figure(value: float) -> str:
    """Four significant digits; what is nothing but rounding is 0."""
    return f"{value:.4g}" if value > 1e-6 else "0"
