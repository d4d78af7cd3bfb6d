"""``inferplan calibrate``: measure kernels, import tables, fit constants, report how accurate they are."""

from __future__ import annotations

import typer

from simulator.cli.calibrate.accuracy import accuracy_command
from simulator.cli.calibrate.bands import bands_command
from simulator.cli.calibrate.engine import engine_command
from simulator.cli.calibrate.fit import fit_command
from simulator.cli.calibrate.import_ import import_command
from simulator.cli.calibrate.measure import measure_command
from simulator.cli.calibrate.transfer import transfer_command
from simulator.cli.calibrate.vidur import vidur_command
from simulator.cli.errors import exits_cleanly

calibrate_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Measure kernels, import tables, fit the cost model's constants.",
)


@calibrate_app.callback()
def _calibrate() -> None:
    pass


calibrate_app.command("import")(import_command)


calibrate_app.command("measure")(exits_cleanly(measure_command))
calibrate_app.command("engine")(exits_cleanly(engine_command))
calibrate_app.command("vidur")(exits_cleanly(vidur_command))
calibrate_app.command("bands")(exits_cleanly(bands_command))
calibrate_app.command("accuracy")(exits_cleanly(accuracy_command))
calibrate_app.command("fit")(exits_cleanly(fit_command))
calibrate_app.command("transfer")(exits_cleanly(transfer_command))
