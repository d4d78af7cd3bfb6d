"""Chart 2: latency against load, for several runs or for the ups and downs of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulator.report.charts.marks import Capacity, mark_load
from simulator.report.style import COLOURS, FAINT, headline, new_figure, note, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[Any]

SLICES = 120
"""Time slices one run is cut into to see its load go up and down."""

BINS = 8
"""Groups of slices of similar load, of equally many requests each."""

MIN_REQUESTS = 100
"""Requests a group needs for a 99th percentile that says anything."""

LOAD_TITLE = "Latency against offered load"


@dataclass(frozen=True)
class LoadPoint:
    """Latencies in milliseconds at an offered load in requests per second; None = no sample."""

    rate_per_s: float
    p50_ttft_ms: float | None
    p99_ttft_ms: float | None
    p50_tpot_ms: float | None
    p99_tpot_ms: float | None

    @classmethod
    def of_summary(cls, summary: dict[str, Any]) -> LoadPoint:
        """The point of one run: its offered rate (its throughput when it has none, as closed loops)."""
        rate = summary["request_rate"]
        return cls(
            float(summary["request_throughput"] if rate == "inf" else rate),
            summary["median_ttft_ms"],
            summary["p99_ttft_ms"],
            summary["median_tpot_ms"],
            summary["p99_tpot_ms"],
        )


def load_points(arrival_s: Floats, ttft_ms: Floats, tpot_ms: Floats) -> list[LoadPoint]:
    """The points of one run: requests grouped by how many arrived in the same slice of time.

    All columns are (n,) by request; ``tpot_ms`` is NaN for requests of one token. Empty when the run is too short or
    has no span of time (offline).
    """
    groups = min(BINS, len(arrival_s) // MIN_REQUESTS)
    span = float(np.ptp(arrival_s)) if len(arrival_s) else 0.0
    if groups < 2 or span <= 0:
        return []
    slices = min(SLICES, max(groups, len(arrival_s) // 20))
    slice_of = np.minimum((arrival_s - arrival_s.min()) / span * slices, slices - 1).astype(np.int64)
    rate = (np.bincount(slice_of, minlength=slices) / (span / slices))[slice_of]
    order = np.argsort(rate, kind="stable")
    return [_point(float(rate[rows].mean()), ttft_ms[rows], tpot_ms[rows]) for rows in np.array_split(order, groups)]


def latency_load_chart(
    points: Sequence[LoadPoint],
    *,
    ttft_slo_ms: float | None = None,
    tpot_slo_ms: float | None = None,
    subtitle: str,
    within_one_run: bool = False,
    load_label: str = "offered load (requests/s)",
    knee: float | None = None,
    capacity: Capacity | None = None,
) -> Figure:
    """TTFT and TPOT (median and p99, milliseconds) over the offered load, with the objectives as lines.

    ``within_one_run``: the points are moments of one run, and the chart says that it is no capacity curve. ``knee`` and
    ``capacity`` are loads to be marked, in the units of ``load_label``.
    """
    figure, (left, right) = new_figure(1, 2, height=3.5)
    ordered = sorted(points, key=lambda point: point.rate_per_s)
    rates = [point.rate_per_s for point in ordered]
    _panel(left, rates, [p.p50_ttft_ms for p in ordered], [p.p99_ttft_ms for p in ordered], ttft_slo_ms)
    _panel(right, rates, [p.p50_tpot_ms for p in ordered], [p.p99_tpot_ms for p in ordered], tpot_slo_ms)
    for axes in (left, right):
        mark_load(axes, knee, capacity)
    left.set(title="Time to first token", ylabel="TTFT (ms)")
    right.set(title="Time per output token", ylabel="TPOT (ms)")
    lines = [axes.get_legend_handles_labels() for axes in (left, right)]
    named = {name: handle for handles, names in lines for handle, name in zip(handles, names, strict=True)}
    if named:
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=5)
    for axes in (left, right):
        axes.set(xlabel="arrival rate of the moment (requests/s)" if within_one_run else load_label)
    title = "Latency within this run, by the arrival rate of the moment" if within_one_run else LOAD_TITLE
    headline(figure, title, subtitle)
    return figure


def _panel(axes: Any, rates: list[float], p50: list[Any], p99: list[Any], slo_ms: float | None) -> None:
    if not rates:
        axes.set(xticks=[], yticks=[])
        note(axes, "too few requests, or no arrivals of their own")
        return
    nan = float("nan")
    shown: list[float] = []
    for values, label, colour, marker in ((p50, "median", COLOURS[0], "o"), (p99, "p99", COLOURS[1], "s")):
        heights = [nan if value is None else value for value in values]
        axes.plot(rates, heights, color=colour, marker=marker, markersize=4, label=label)
        shown += [value for value in heights if value > 0]
    if slo_ms is not None:
        axes.axhline(slo_ms, color=FAINT, linestyle="--", linewidth=1.2, label="objective")
        axes.annotate(f"{slo_ms:g} ms", (0.99, slo_ms), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                      color="#555555", fontsize=8)  # fmt: skip
        shown.append(slo_ms)
    if shown:
        low, high = min(shown) / 1.3, max(shown) * 1.3
        axes.set(yscale="log", ylim=(low, high))
        plain_log_ticks(axes.yaxis, low, high)


def _point(rate_per_s: float, ttft_ms: Floats, tpot_ms: Floats) -> LoadPoint:
    several = tpot_ms[np.isfinite(tpot_ms)]
    ttft = np.quantile(ttft_ms, (0.5, 0.99)).tolist()
    tpot = np.quantile(several, (0.5, 0.99)).tolist() if len(several) else [None, None]
    return LoadPoint(rate_per_s, ttft[0], ttft[1], tpot[0], tpot[1])
