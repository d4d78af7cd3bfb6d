"""The tables of a run's report."""

from __future__ import annotations

from typing import Any

from simulator.pages.run_folder import RunFolder
from simulator.report.economics import economics_lines
from simulator.report.figures import FORMULAS, LATENCIES, LATENCY_COLUMNS, mean_range, milliseconds, throughput_lines
from simulator.report.page.document import Cell, Column, Shown, Table

MOST_REQUESTS = 15
"""Slowest requests listed."""


def latency_table(summary: dict[str, Any]) -> Table:
    """Means and percentiles, with the band of the mean and the interval over seeds where there are such."""
    banded, intervals = "mean_ttft_ms_low" in summary, summary.get("seeds_ci95")
    heads = [Column("Latency"), *(Column(_title(head), "ms") for head in LATENCY_COLUMNS)]
    heads += [Column("80 % band of the mean", "ms")] if banded else []
    heads += [Column("95 % interval of the mean over seeds", "± ms")] if intervals else []
    rows = []
    for key, label in LATENCIES.items():
        row: list[Cell] = [
            _title(label),
            *(_latency(summary[f"{statistic}_{key}_ms"]) for statistic in LATENCY_COLUMNS.values()),
        ]
        if banded:
            low = summary.get(f"mean_{key}_ms_low")
            row.append(None if low is None else Shown(mean_range(summary, f"mean_{key}_ms"), low))
        if intervals:
            low, high = intervals.get(f"mean_{key}_ms", (0.0, 0.0))
            row.append((high - low) / 2)
        rows.append([*row, FORMULAS[key]])
    return Table("Latencies", [*heads, Column("Definition", wraps=True)], rows)


def result_table(summary: dict[str, Any]) -> Table:
    """Throughput, batch, memory, utilisation, energy, cost, carbon in words."""
    lines = [*throughput_lines(summary), *economics_lines(summary)]
    rows = [[_title(name), text] for name, text in lines]
    return Table("Throughput, memory, energy and cost", [Column("Quantity"), Column("Result", wraps=True)], rows)


def slowest_table(run: RunFolder) -> Table | None:
    """The requests with the longest TTFT; None where no request has one."""
    found = run.requests.dropna(subset=["ttft_ms"]).sort_values(["ttft_ms", "request"], ascending=[False, True])
    if not len(found):
        return None
    columns = {
        "request": Column("Request", "number"),
        "arrival_s": Column("Arrival", "s", 5),
        "prompt_tokens": Column("Prompt", "tokens"),
        "cached_tokens": Column("Cached", "tokens"),
        "output_tokens": Column("Output", "tokens"),
        "queue_time_ms": Column("Queue time", "ms", 4),
        "ttft_ms": Column("TTFT", "ms", 4),
        "tpot_ms": Column("TPOT", "ms"),
        "e2el_ms": Column("E2EL", "ms", 4),
        "num_preemptions": Column("Preemptions"),
    }
    rows: list[list[Cell]] = [
        [_plain(row[name]) for name in columns] for _, row in found.head(MOST_REQUESTS).iterrows()
    ]
    note = f"{len(rows)} of {len(run.requests):,} requests; requests.csv.gz has all."
    return Table("The slowest requests, by TTFT", list(columns.values()), rows, note)


def refusals_table(run: RunFolder) -> Table | None:
    """Why requests were refused, and how many; None where none was."""
    if "refusal" not in run.requests:
        return None
    reasons = run.requests["refusal"].dropna()
    counts = reasons[reasons != ""].value_counts()
    rows: list[list[Cell]] = [[str(reason), int(count)] for reason, count in counts.head(MOST_REQUESTS).items()]
    return Table("Refused requests", [Column("Reason", wraps=True), Column("Requests")], rows)


def _latency(value_ms: float | None) -> Cell:
    """With the digits that the terminal shows."""
    return None if value_ms is None else Shown(milliseconds(value_ms), value_ms)


def _plain(value: Any) -> Cell:
    if value != value:  # NaN
        return None
    return int(value) if float(value).is_integer() else float(value)


def _title(text: str) -> str:
    """A heading with a capital; percentiles (``p99``) stay small."""
    return text if text[1:].isdigit() else text[:1].upper() + text[1:]
