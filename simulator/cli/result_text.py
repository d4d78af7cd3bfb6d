"""A finished run as text for the terminal: what was run, what came out, what it means, how sure it is."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.cost.band_text import BAND_MEANING
from simulator.report.economics import economics_lines
from simulator.report.figures import (
    FORMULAS,
    LATENCIES,
    LATENCY_COLUMNS,
    load_line,
    mean_range,
    milliseconds,
    percent,
    throughput_lines,
)
from simulator.result import RunResult

WIDTH = 100
"""Columns of running text."""


def result_text(result: RunResult, written: Sequence[Path]) -> str:
    """The whole text, without a final line break."""
    summary = result.summary
    blocks = [
        f"{result.title}\n{_window(summary)}",
        _latency_table(summary),
        "\n".join(f"{name:<12} {text}" for name, text in throughput_lines(summary)),
        "\n".join(_entry(name, text) for name, text in economics_lines(summary)),
        "\n".join(_wrapped(text) for text in (_diagnosis(summary), *summary["notes"])),
        _trust(result),
    ]
    if written:
        names = ", ".join(path.name for path in written if path.suffix != ".svg")
        blocks.append(_wrapped(f"Written to {written[0].parent}: {names}"))
    return "\n\n".join(block for block in blocks if block)


def _window(summary: dict[str, Any]) -> str:
    line = load_line(summary)
    window = summary["window"]
    if not window["whole_run"]:
        line += f"\nmeasured from {window['start_s']:,.1f} s to {window['end_s']:,.1f} s"
    if len(summary["seeds"]) > 1:
        line += (
            f"\nmeans over {len(summary['seeds'])} seeds, peaks the largest; ± is half the 95 % interval of the mean; "
            f"tables and charts: seed {summary['seeds'][0]} only"
        )
    return line


def _diagnosis(summary: dict[str, Any]) -> str:
    """The verdict; of the first seed when there are several, whose numbers it names."""
    seeds, text = summary["seeds"], str(summary["diagnosis"]["text"])
    return f"Seed {seeds[0]}: {text}" if len(seeds) > 1 else text


def _latency_table(summary: dict[str, Any]) -> str:
    intervals = summary.get("seeds_ci95")
    banded = "mean_ttft_ms_low" in summary
    heads = [*LATENCY_COLUMNS, *(["mean ±"] if intervals else [])]
    ranges = f"{'80 % band, mean':>16}" if banded else ""
    lines = [f"{'ms':<6}" + "".join(f"{head:>10}" for head in heads) + f"{ranges}   definition"]
    for key, label in LATENCIES.items():
        cells = [milliseconds(summary[f"{statistic}_{key}_ms"]) for statistic in LATENCY_COLUMNS.values()]
        if intervals:
            low, high = intervals.get(f"mean_{key}_ms", (0.0, 0.0))
            cells.append(milliseconds((high - low) / 2))
        ranges = f"{mean_range(summary, f'mean_{key}_ms'):>16}" if banded else ""
        lines.append(f"{label:<6}" + "".join(f"{cell:>10}" for cell in cells) + f"{ranges}   {FORMULAS[key]}")
    return "\n".join(lines)


def _trust(result: RunResult) -> str:
    """How the step times are known and how far they may be off."""
    known = result.provenance["time_share_by_provenance"]
    fast, slow = result.provenance["step_time_band"]
    if fast == slow:
        return ""
    shares = ", ".join(f"{percent(share)} {name}" for name, share in sorted(known.items(), key=lambda kv: -kv[1]))
    timing = result.summary["timing"]
    return _wrapped(
        f"Accuracy: step times -{percent(1 - fast, 1)} to +{percent(slow - 1, 1)}; {BAND_MEANING}. "
        f"Kernel times: {shares}; host: {result.provenance['engine']['name']}. "
        f"Simulated in {timing['wall_s']:.2f} s ({timing['requests_per_wall_s']:,.0f} requests/s)."
    )


def _entry(name: str, text: str) -> str:
    """A named line; what does not fit continues below the text."""
    return textwrap.fill(f"{name:<12} {text}", WIDTH, subsequent_indent=" " * 13, break_long_words=False)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
