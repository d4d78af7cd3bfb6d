"""A summary as a small HTML table, for notebooks."""

from __future__ import annotations

from html import escape
from typing import Any

from simulator.report.economics import economics_lines
from simulator.report.figures import LATENCIES, LATENCY_COLUMNS, milliseconds, throughput_lines


def summary_html(title: str, summary: dict[str, Any]) -> str:
    """Latency table, throughput, energy and cost, diagnosis."""
    head = "".join(f"<th>{column}</th>" for column in ("ms", *LATENCY_COLUMNS))
    rows = "".join(
        f"<tr><th style='text-align:left'>{label}</th>"
        + "".join(f"<td>{milliseconds(summary[f'{column}_{key}_ms'])}</td>" for column in LATENCY_COLUMNS.values())
        + "</tr>"
        for key, label in LATENCIES.items()
    )
    named = [*throughput_lines(summary), *economics_lines(summary)]
    lines = "<br>".join(f"{escape(name)}: {escape(value)}" for name, value in named)
    return (
        f"<p><b>{escape(title)}</b></p><table><tr>{head}</tr>{rows}</table>"
        f"<p>{lines}</p><p>{escape(summary['diagnosis']['text'])}</p>"
    )
