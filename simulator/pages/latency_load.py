"""Chart 2 as data: TTFT and TPOT over a load."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.report.charts.latency_load import LoadPoint
from simulator.report.page.document import Column, Table
from simulator.report.page.drawing import Axis, Plot, Reference, Series


def latency_panels(
    points: Sequence[LoadPoint],
    load_label: str,
    ttft_slo_ms: float | None,
    tpot_slo_ms: float | None,
    marks: Sequence[Reference] = (),
) -> list[Plot]:
    """Two panels, median and p99 of TTFT and TPOT, with objectives; ``marks``: loads to be marked."""
    ordered = sorted(points, key=lambda point: point.rate_per_s)
    loads = [point.rate_per_s for point in ordered]
    curves = {
        "TTFT": ([p.p50_ttft_ms for p in ordered], [p.p99_ttft_ms for p in ordered], ttft_slo_ms),
        "TPOT": ([p.p50_tpot_ms for p in ordered], [p.p99_tpot_ms for p in ordered], tpot_slo_ms),
    }
    return [
        Plot(
            "Time to first token" if name == "TTFT" else "Time per output token",
            Axis(load_label),
            Axis(f"{name} (ms)", log=True),
            [Series("median", loads, median, 0), Series("p99", loads, p99, 1)],
            [*([] if slo is None else [Reference(f"objective {slo:g} ms", slo, "y")]), *marks],
        )
        for name, (median, p99, slo) in curves.items()
    ]


def latency_table(caption: str, points: Sequence[LoadPoint], load: Column) -> Table:
    """The same as a table; ``load`` heads its first column."""
    heads = [load, *(Column(f"{stat} {name}", "ms") for name in ("TTFT", "TPOT") for stat in ("Median", "p99"))]
    rows = [
        [p.rate_per_s, p.p50_ttft_ms, p.p99_ttft_ms, p.p50_tpot_ms, p.p99_tpot_ms]
        for p in sorted(points, key=lambda point: point.rate_per_s)
    ]
    return Table(caption, heads, rows)
