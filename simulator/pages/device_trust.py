"""How the kernel times of devices are known, where a result compares several and no one run speaks for all."""

from __future__ import annotations

from collections.abc import Iterable

import simulator
from simulator.cost.kernel_origins import kernel_origins
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.report.page.document import Cell, Column, Table


def device_trust_table(names: Iterable[str]) -> Table | None:
    """Every kernel class of the named devices; a profile that cannot be found any more is left out. None: none left."""
    rows: list[list[Cell]] = []
    missing = []
    for name in dict.fromkeys(names):
        try:
            device = load_hardware(name)
        except InputError:
            missing.append(name)
            continue
        rows += [
            [device.name, label, one.provenance, 100 * one.median_error, 100 * one.p90_error, one.source]
            for label, one in kernel_origins(device).items()
        ]
    if not rows:
        return None
    heads = [
        Column("Device"),
        Column("Kernel class"),
        Column("Provenance"),
        Column("Median error of a kernel", "%", 2),
        Column("p90", "%", 2),
        Column("Source", wraps=True),
    ]
    left = f" Not found any more: {', '.join(missing)}." if missing else ""
    note = (
        f"The constants that inferplan {simulator.__version__} brings; errors are absolute, relative, held out.{left}"
    )
    return Table("Calibration error by device and kernel class", heads, rows, note)
