"""``inferplan calibrate fit``: kernel constants and corrections of a device from measured tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.errors import InputError

if TYPE_CHECKING:
    from calibration.fit.files import Key
    from calibration.fit.held_out import Layer, Result
    from simulator.hardware.profile import HardwareProfile


def fit_command(
    tables: Annotated[
        list[str], typer.Argument(metavar="TABLE...", help="Measurement files (calibrate measure, calibrate import).")
    ],
    hardware: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Device of the rows; default: the one the tables name.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Constants (.yaml); corrections: .residuals.json beside it."),
    ] = None,
    plots: Annotated[Path | None, typer.Option(metavar="DIR", help="Predicted-against-measured pictures.")] = None,
    points: Annotated[
        int | None, typer.Option(min=8, help="Learn from so many rows a class and fold, to see what few would do.")
    ] = None,
) -> None:
    """Fit closed forms and their corrections, with errors on whole shape families held out.

    Classes without rows are borrowed from a relative of the device and say so in the file. Classes with few rows learn
    from the shipped fits of other devices.
    """
    from functools import partial

    from calibration.fit.device import device_rows, fit_device, lone_families
    from calibration.fit.files import device_fit, write_device
    from calibration.fit.relatives import shipped_relatives

    if out is not None and out.suffix != ".yaml":
        raise InputError("must end in .yaml", path="--out", value=str(out))
    device = _device(hardware, tables)
    rows, dropped = device_rows(tables, device)
    typer.echo(f"{device.name}: {len(rows):,} rows")
    for part in dropped:
        typer.echo(f"dropped {part}")
    typer.echo(f"{'kernel class':<26}{'rows':>7}{'L0':>16}{'L1':>16}{'L1+L2':>16}  median / p90 %, held out")
    relatives = partial(shipped_relatives, device=device)
    results = fit_device(device, rows, points=points, relatives=relatives, report=_report)
    for key in lone_families(device, rows):
        typer.echo(f"left out {_class_name(key)}: rows of one shape family alone, so that none can be held out")
    if not results:
        raise InputError(
            "holds no kernel class with rows of two shape families or more, as a fit needs", file=tables[0], path="op"
        )
    if plots is not None:
        from calibration.fit.plots import write_plots

        written = write_plots(plots, device.name, results)
        typer.echo(f"{len(written)} pictures in {plots}")
    if out is not None:
        write_device(out, device_fit(device, results, "own measurements"))
        typer.echo(f"Written to {out}")


def _device(hardware: str | None, tables: list[str]) -> HardwareProfile:
    """The device asked for, else the only one the first table names."""
    from calibration.importers.formats import import_measurements
    from calibration.importers.imported import Selection
    from simulator.hardware.catalog import load_hardware

    if hardware is not None:
        return load_hardware(hardware)
    _, imported = import_measurements(tables[0], Selection())
    names = sorted(imported.rows["device"].dropna().unique())
    if len(names) != 1:
        raise InputError(
            "names several devices; say which with --hardware", file=tables[0], path="device", value=", ".join(names)
        )
    return load_hardware(str(names[0]))


def _report(key: Key, result: Result) -> None:
    cells = "".join(f"{_pair(result.layers.get(layer)):>16}" for layer in ("L0", "L1", "L2"))
    typer.echo(f"{_class_name(key):<26}{result.rows:>7,}{cells}")


def _class_name(key: Key) -> str:
    part, dtype = key
    return part.replace("_", " ") + (f" {dtype}" if dtype else "")


def _pair(layer: Layer | None) -> str:
    return "-" if layer is None else f"{100 * layer.errors.median:.1f} / {100 * layer.errors.p90:.1f}"
