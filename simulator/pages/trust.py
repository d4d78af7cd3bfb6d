"""How sure a result is: kernel classes, how their times are known, and the band that follows."""

from __future__ import annotations

from typing import Any

from simulator.cost.band_text import BAND_MEANING
from simulator.report.figures import percent
from simulator.report.page.document import Block, Column, Paragraph, Shown, Table

MEANINGS = {
    "measured": "timed on this device at exactly these shapes",
    "fitted": "a closed form whose constants were fitted to timings on this device",
    "transferred": "constants borrowed from a similar device",
    "nominal": "a closed form with the data sheet's peaks; nothing was timed",
}
"""What each provenance of a kernel's time means."""


def step_band_text(provenance: dict[str, Any]) -> str:
    """``Step times are known to -2.6 % to +3.3 %; ...``; what is not known otherwise."""
    fast, slow = provenance["step_time_band"]
    if fast == slow:
        return "No band is known for these step times."
    return f"Step times are known to within -{percent(1 - fast, 1)} to +{percent(slow - 1, 1)}."


def shares_text(provenance: dict[str, Any]) -> str:
    """``96 % of the kernel time is fitted, 4 % nominal``."""
    shares = sorted(provenance["time_share_by_provenance"].items(), key=lambda item: -item[1])
    parts = [
        f"{percent(share)} {'of the step time is ' if not i else ''}{name}" for i, (name, share) in enumerate(shares)
    ]
    return ", ".join(parts)


def trust_blocks(provenance: dict[str, Any]) -> list[Block]:
    """The section on calibration error."""
    shares = provenance["time_share_by_provenance"]
    if not shares:
        return [Paragraph("No step was run, so no step time can be off.")]
    rows = [
        [name, 100 * share, MEANINGS.get(name, "")] for name, share in sorted(shares.items(), key=lambda item: -item[1])
    ]
    heads = [Column("Provenance"), Column("Share of the step time", "%"), Column("Meaning", wraps=True)]
    meaning = BAND_MEANING[0].upper() + BAND_MEANING[1:]
    blocks: list[Block] = [
        Paragraph(f"{step_band_text(provenance)} {meaning}."),
        Table("How the step times are known", heads, rows),
    ]
    if provenance.get("operators"):
        blocks.append(_classes(provenance["operators"]))
    return blocks


def _classes(operators: dict[str, dict[str, Any]]) -> Table:
    """Operators of one kernel class, known the same way, as one row."""
    total = sum(one["ms_per_step"] for one in operators.values())
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one in operators.values():
        groups.setdefault((one["kernel_class"], one["provenance"], one["layer"]), []).append(one)
    rows = []
    for (kernel_class, how, layer), members in groups.items():
        milliseconds = sum(one["ms_per_step"] for one in members)
        longest = max(members, key=lambda one: one["ms_per_step"])
        low, high = (100 * (factor - 1) for factor in longest["band_80"])
        band = Shown(f"{low:+.0f} to {high:+.0f}", high - low)
        share = 100 * milliseconds / total if total else 0.0
        rows.append([kernel_class, how, layer, milliseconds, share, 100 * longest["median_error"], band])
    rows.sort(key=lambda row: -row[3])
    heads = [
        Column("Kernel class"),
        Column("Provenance"),
        Column("Layer"),
        Column("Time per step", "ms"),
        Column("Share", "%"),
        Column("Median error of a kernel", "%", 2),
        Column("80 % band of a kernel", "%"),
    ]
    note = (
        "Layers: L0 closed form with data-sheet peaks, L1 fitted constants, L2 with a smooth correction inside the "
        "measured shapes, L3 measured rows. Median error: absolute relative, held out."
    )
    return Table("Calibration error by kernel class", heads, rows, note)
