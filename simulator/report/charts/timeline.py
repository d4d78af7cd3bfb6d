"""Chart 5: what the replicas did over time: requests, tokens per step, KV memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulator.report.style import COLOURS, FAINT, headline, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LINES = 4
"""Replicas drawn one by one; more are drawn as their median and range."""

SMOOTH = 100
"""Points of the smoothed curve over a replica's fine one."""

GRID = 400
"""Points of the common time grid of median and range."""

BAND = 0.25
"""Opacity of a range."""


def timeline_chart(series: Mapping[str, npt.NDArray[Any]], *, max_num_seqs: int | None, subtitle: str) -> Figure:
    """Panels over simulated time: running and waiting requests, tokens per step, KV cache use in per cent.

    ``series`` are the columns of ``simulator.metrics.timeseries``, all replicas one below the other. A dashed line
    shows ``max_num_seqs`` when the batch comes near it.
    """
    figure, panels = new_figure(3, 1, height=5.2, sharex=True)
    requests, tokens, memory = panels
    _levels(requests, series, "num_requests_running", "running", COLOURS[0])
    _levels(requests, series, "num_requests_waiting", "waiting", COLOURS[1])
    _levels(tokens, series, "batch_tokens", "", COLOURS[2], weight="engine_steps")
    _levels(memory, series, "kv_cache_usage_perc", "", COLOURS[3], scale=100.0)
    if max_num_seqs is not None and requests.get_ylim()[1] > 0.7 * max_num_seqs:
        requests.axhline(max_num_seqs, color=FAINT, linestyle="--", linewidth=1.0, label="max_num_seqs")
    requests.set(title="Requests on a replica", ylabel="requests", ylim=(0, None))
    tokens.set(title="Tokens scheduled per engine step", ylabel="tokens/step", ylim=(0, None))
    memory.set(title="KV cache in use", ylabel="% of blocks", ylim=(0, None), xlabel="simulated time (s)")
    memory.set_ylim(top=min(105.0, max(10.0, memory.get_ylim()[1])))
    replicas = len(np.unique(series["replica"]))
    if replicas > MOST_LINES:  # one entry for the bands of both quantities
        requests.fill_between([], [], color=FAINT, alpha=BAND, linewidth=0, label=f"range of {replicas} replicas")
    for axes in panels:
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=4, borderaxespad=0.0)
    figure.align_ylabels()
    headline(figure, "Batch, queue and KV memory over time", subtitle)
    return figure


def _levels(
    axes: Any,
    series: Mapping[str, npt.NDArray[Any]],
    name: str,
    label: str,
    colour: str,
    scale: float = 1.0,
    weight: str | None = None,
) -> None:
    """One quantity of all replicas. ``weight`` names the column its means are weighted by; None: cells count alike."""
    time, level, replica = series["time_s"], series[name] * scale, series["replica"]
    weights = np.ones(len(time)) if weight is None else series[weight]
    which = np.unique(replica)
    if len(which) <= MOST_LINES:
        for order, one in enumerate(which.tolist()):
            mine = replica == one
            axes.plot(time[mine], level[mine], color=colour, linewidth=0.6, alpha=0.3)
            smooth = _smoothed(time[mine], level[mine], weights[mine])
            axes.plot(*smooth, color=colour, label=label or None if order == 0 else None)
        return
    grid = np.linspace(0.0, float(time.max()), GRID)
    curves = np.array([np.interp(grid, time[replica == one], level[replica == one]) for one in which.tolist()])
    line, band = (f"{label} (median)", None) if label else ("median", f"range of {len(which)} replicas")
    low, high = curves.min(axis=0), curves.max(axis=0)
    axes.plot(grid, np.median(curves, axis=0), color=colour, linewidth=1.0, label=line)
    axes.fill_between(grid, low, high, color=colour, alpha=BAND, linewidth=0, label=band)


def _smoothed(
    time: npt.NDArray[Any], level: npt.NDArray[Any], weights: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Weighted means of ``SMOOTH`` equal stretches (0 without weight); the curve itself when it is no longer."""
    size = len(time) // SMOOTH
    if size < 2:
        return time, level
    whole = len(time) // size * size
    times, levels, weighing = (column[:whole].reshape(-1, size) for column in (time, level, weights))
    total = weighing.sum(axis=1)
    means = np.divide((levels * weighing).sum(axis=1), total, out=np.zeros(len(total)), where=total > 0)
    return times.mean(axis=1), means
