"""``inferplan calibrate``: measure kernels, import tables, fit constants, report how accurate they are."""

from __future__ import annotations

import typer

calibrate_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Measure kernels, import tables, fit the cost model's constants.",
)


@calibrate_app.callback()
def _calibrate() -> None:
    pass
