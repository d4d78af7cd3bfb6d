"""Two figures of the comparison: where an iteration's time goes, and every request against Vidur's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from calibration.vidur.compare import Comparison, RunComparison
from calibration.vidur.folder import MODELS
from calibration.vidur.latencies import latencies
from calibration.vidur.parts import OUTSIDE, PARTS
from calibration.vidur.variants import COST_ONLY, SCHEDULER_ONLY
from simulator.report.style import COLOURS, FAINT, headline, new_figure, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = {
    "linear layers": ("attn_pre_proj", "attn_post_proj", "mlp_up", "mlp_down"),
    "decode attention": ("attn_decode",),
    "prefill attention": ("attn_prefill",),
    "all-reduce": ("tp_comm",),
    "element-wise": ("attn_rope", "mlp_act", "norms_and_add"),
    "outside layers": (OUTSIDE,),
}
"""Segment of a bar -> parts it adds up."""

_SOURCES = {"vidur_us": "Vidur", "rebuilt_us": "rebuilt", "ours_us": "our forms"}


def parts_chart(comparison: Comparison) -> Figure:
    """One panel per model, three bars for each of three iterations: microseconds per layer."""
    assert {name for names in _SHOWN.values() for name in names} == {*PARTS, OUTSIDE}
    figure, panels = new_figure(1, len(comparison.parts), height=4.4, width=9.0, squeeze=False)
    for axes, (short, parts) in zip(panels.flat, comparison.parts.items(), strict=True):
        _parts_panel(axes, short, parts, comparison.tables[short])
    panels.flat[0].set_ylabel("time per layer (us)")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    headline(figure, "Where an iteration's time goes",
             "Vidur's prediction, the same rebuilt from its profiles, and our closed forms fitted to them; A100, two "
             "ranks")  # fmt: skip
    return figure


def _parts_panel(axes: Any, short: str, parts: pd.DataFrame, table: pd.DataFrame) -> None:
    rows = _chosen_rows(table)
    pivot = parts.set_index(["row", "part"])
    for place, row in enumerate(rows):
        for bar, column in enumerate(_SOURCES):
            bottom = 0.0
            for (name, members), colour in zip(_SHOWN.items(), COLOURS, strict=False):
                height = sum(float(pivot[column].get((row, member), 0.0)) for member in members)
                label = name if place == bar == 0 else None
                axes.bar(place + 0.27 * (bar - 1), height, 0.24, bottom=bottom, color=colour, label=label)
                bottom += height
            axes.text(place + 0.27 * (bar - 1), bottom * 1.01, _SOURCES[column], rotation=90, ha="center", va="bottom",
                      fontsize=7.5, color=FAINT)  # fmt: skip
    axes.set_xticks(range(len(rows)), [_label(table.iloc[row]) for row in rows])
    axes.set(title=_name(short), ylim=(0, axes.get_ylim()[1] * 1.25))
    axes.grid(axis="x", visible=False)


def _chosen_rows(table: pd.DataFrame) -> list[int]:
    """Positions of a small and a large batch of decodes and of one chunk."""
    wanted = ((8, 1, 1024), (64, 1, 2048), (1, 512, 512))
    sizes = table[["batch_size", "tokens_per_request", "kv_len"]]
    return [int(np.flatnonzero((sizes == want).all(axis=1))[0]) for want in wanted]


def _label(row: pd.Series) -> str:
    if row["kind"] == "decode":
        return f"{row['batch_size']} decodes\nof {row['kv_len']:,} tokens"
    return f"chunk of {row['tokens_per_request']:,}\non {row['kv_len']:,} tokens"


def requests_chart(comparison: Comparison, scheduler: str = "sarathi") -> Figure:
    """Ours over Vidur's, one dot per request: TTFT and end-to-end, per variant and model."""
    names = (SCHEDULER_ONLY, COST_ONLY)
    chosen = {name: [run for run in comparison.runs_of(name) if run.scheduler == scheduler] for name in names}
    columns = [(name, run) for name in names for run in chosen[name]]
    figure, panels = new_figure(2, len(columns), height=5.2, width=2.6 * len(columns) + 0.6, squeeze=False)
    for column, (name, run) in enumerate(columns):
        for axes, metric in zip(panels[:, column], ("ttft", "e2e"), strict=True):
            _scatter(axes, run, metric)
        panels[0, column].set_title(f"{_name(run.peer.short)}\n{_WHAT[name]}")
    for axes, label in zip(panels[:, 0], ("TTFT", "end-to-end"), strict=True):
        axes.set_ylabel(f"{label}, ours (s)")
    for axes in panels[1]:
        axes.set_xlabel("Vidur (s)")
    headline(figure, "Every request against Vidur's own result",
             f"{scheduler} scheduler, {len(columns[0][1].vidur):,} requests; left: Vidur's iteration times under our "
             "scheduler, right: our closed forms as well")  # fmt: skip
    return figure


def _name(short: str) -> str:
    """Name of a model without its organisation."""
    return (
        next(peer.model for peer in MODELS if peer.short == short)
        .split("/")[-1]
        .removesuffix("-hf")
        .removesuffix("-Instruct")
    )


_WHAT = {SCHEDULER_ONLY: "our scheduler", COST_ONLY: "and our cost model"}


def _scatter(axes: Any, run: RunComparison, metric: str) -> None:
    theirs = latencies(run.vidur)[metric].to_numpy()
    ours = latencies(run.ours.requests)[metric].to_numpy()
    low, high = _range([theirs, ours])
    axes.plot([low, high], [low, high], color=FAINT, linewidth=0.8)
    axes.scatter(theirs, ours, s=4, alpha=0.35, color=COLOURS[0], linewidths=0)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        plain_log_ticks(axis, low, high)


def _range(samples: Sequence[np.ndarray]) -> tuple[float, float]:
    joined = np.concatenate(samples)
    return float(joined.min()) / 1.1, float(joined.max()) * 1.1
