"""A trace's description as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_COLUMNS = ("mean", "min", "p50", "p90", "p99", "max")


def description_text(file: Path, figures: dict[str, Any]) -> str:
    """Lines of ``name: value`` and a small table of token counts; ``figures`` as ``describe`` gives them."""
    lines = [f"{file.name}: {figures['num_requests']:,} requests, {figures['format']} format"]
    if figures["rate_per_s"] is None:
        lines.append("arrivals: all at once")
    else:
        lines.append(f"arrivals: {figures['rate_per_s']:.4g} requests/s over {figures['span_s']:,.1f} s")
        shape = figures["burstiness"]
        burstiness = "" if shape is None else f" (burstiness {shape:.3g}; 1 = Poisson, below 1 burstier)"
        lines.append(f"gaps: coefficient of variation {figures['gap_cv']:.3g}{burstiness}")
    lines.append(" " * 14 + "".join(f"{name:>10}" for name in _COLUMNS))
    for name in ("prompt_tokens", "output_tokens"):
        lines.append(f"{name:14}" + "".join(f"{figures[name][column]:>10,.0f}" for column in _COLUMNS))
    if figures["spearman"] is not None:
        lines.append(f"rank correlation of prompt and output: {figures['spearman']:.3f}")
    reuse = figures["prefix_reuse"]
    lines.append(
        f"prefix reuse, infinite cache, blocks of {reuse['block_size']}: {reuse['per_block']:.1%} of blocks, "
        f"{reuse['per_token']:.1%} of tokens (the last one of a prompt always computed)"
    )
    if figures["rows_out_of_order"]:
        lines.append(f"note: {figures['rows_out_of_order']} rows were out of order and were sorted in")
    lines += [f"note: {note}" for note in figures["notes"]]
    return "\n".join(lines)
