"""``inferplan calibrate accuracy``: held-out errors of the shipped devices from a folder of kernel tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.errors import InputError


def accuracy_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with kernels_<device>.csv[.gz] tables.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Markdown file to write; default: ACCURACY.md.")
    ] = None,
    device: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only these; default: all five.")] = None,
    fits: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write constants and corrections of each device here.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Replace the bundled files: calibration/ACCURACY.md, calibration/fits.")
    ] = False,
) -> None:
    """Fit every device's kernel classes with whole shape families held out, and write the table of errors."""
    from functools import partial

    from calibration.fit.accuracy import FEW_POINTS, DeviceAccuracy, render
    from calibration.fit.device import device_rows, fit_device
    from calibration.fit.files import FITTED_ELSEWHERE, device_fit, write_device
    from calibration.fit.relatives import shipped_relatives
    from calibration.fit.shipped import COLLECTION, TABLES
    from simulator.atomic import write_text
    from simulator.datafiles import data_dir
    from simulator.hardware.catalog import load_hardware

    if write and (out or fits or device):
        raise InputError("replaces all bundled files: no --out, --fits or --device beside it", path="--write")
    if write:
        fits = data_dir("calibration/fits")
        out = fits.parent / "ACCURACY.md"
    out = out or Path("ACCURACY.md")
    names = [load_hardware(name).name for name in device] if device else list(TABLES)
    measured = []
    for name in names:
        hardware = load_hardware(name)
        if name not in TABLES:
            raise InputError("has no table; allowed: " + ", ".join(TABLES), path="--device", value=name)
        path = folder / f"kernels_{TABLES[name]}.csv.gz"
        rows, _ = device_rows([str(path)], hardware)
        full = fit_device(hardware, rows)
        measured.append((hardware, rows, full))
        typer.echo(f"{name}: {len(full)} kernel classes")
        if fits is not None:
            own = {key: result for key, result in full.items() if key[0] not in FITTED_ELSEWHERE}
            write_device(fits / f"{name}.yaml", device_fit(hardware, own, COLLECTION))
    found = []
    for hardware, rows, full in measured:  # few rows learn from the files of all devices, which are new with --write
        few, related = (
            fit_device(
                hardware, rows, points=FEW_POINTS,
                relatives=partial(shipped_relatives, device=hardware, strangers=strangers),
            )
            for strangers in (True, False)
        )  # fmt: skip
        found.append(DeviceAccuracy(hardware.name, full, few, related))
        typer.echo(f"{hardware.name}: {FEW_POINTS} points a class")
    write_text(out, render(found))
    typer.echo(f"Written to {out}")
