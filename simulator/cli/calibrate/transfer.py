"""``inferplan calibrate transfer``: a measured device's constants for one that was never measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.errors import InputError


def transfer_command(
    source: Annotated[str, typer.Option("--from", metavar="DEVICE", help="Device whose constants are taken.")],
    target: Annotated[str, typer.Option("--to", metavar="HARDWARE", help="Device they are for: name or profile file.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Constants to write (.yaml).")],
) -> None:
    """Move constants to another data sheet, with errors widened as such moves were measured to cost.

    Within an architecture corrections move too.
    """
    from calibration.fit.files import write_device
    from calibration.fit.transfer import transfer
    from simulator.hardware.catalog import load_hardware

    if out.suffix != ".yaml":
        raise InputError("must end in .yaml", path="--out", value=str(out))
    taken_from, device = load_hardware(source), load_hardware(target)
    if taken_from.name == device.name:
        raise InputError("is the device the constants are from", path="--to", value=target)
    if taken_from.kind != device.kind:
        raise InputError(
            f"is a {device.kind}; kernels of {taken_from.name}, a {taken_from.kind}, say nothing about it",
            path="--to",
            value=target,
            hint=f"take a {device.kind} that was measured, or measure this one (inferplan calibrate measure)",
        )
    moved = transfer(taken_from, device)
    write_device(out, moved)
    error = moved.fitted["gemm", "bf16"].origin
    error = error if error.residual is None else error.corrected()
    typer.echo(
        f"{taken_from.name} -> {device.name}: multiply bf16 {100 * error.median_error:.0f} % median, "
        f"{100 * error.p90_error:.0f} % p90 (transferred)"
    )
    typer.echo(f"Written to {out}")
