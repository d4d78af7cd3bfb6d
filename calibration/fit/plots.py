"""Predicted against measured, one picture per kernel class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration.fit.files import Key
from calibration.fit.held_out import Result
from calibration.fit.kernel_class import Floats
from simulator.atomic import atomic_binary

FEW_ROWS = 200
"""Tables this small are drawn with larger points; those of thousands of rows would run together."""


def write_plots(folder: Path, device: str, results: Mapping[Key, Result]) -> list[Path]:
    """One PNG per class: held-out predictions of the closed form and of form and correction; the files written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    written = []
    for (part, dtype), result in results.items():
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        layers = [name for name in ("L1", "L2") if name in result.log_ratios]
        axes = figure.subplots(1, len(layers), squeeze=False, sharex=True, sharey=True)[0]
        for axis, name in zip(axes, layers, strict=True):
            _panel(axis, result.measured_us, result.log_ratios[name])
            error = result.layers[name].errors
            label = "closed form" if name == "L1" else "with correction"
            axis.set_title(f"{label}: {100 * error.median:.1f} % median, {100 * error.p90:.0f} % p90", fontsize=10)
        axes[0].set_ylabel("predicted, us")
        figure.suptitle(f"{device}: {part.replace('_', ' ')} {dtype or ''}, held-out shapes", fontsize=11)
        path = folder / f"{part}{'_' + dtype if dtype else ''}.png"
        with atomic_binary(path) as file:
            figure.savefig(file, dpi=110, format="png")
        written.append(path)
    return written


def _panel(axis, measured_us: Floats, log_ratios: Floats) -> None:  # type: ignore[no-untyped-def]
    predicted = measured_us / np.exp(log_ratios)
    span = np.array([min(measured_us.min(), predicted.min()), max(measured_us.max(), predicted.max())])
    few = len(measured_us) <= FEW_ROWS
    axis.scatter(measured_us, predicted, s=20 if few else 4, alpha=0.8 if few else 0.35, linewidths=0, color="#1f5fa8")
    axis.plot(span, span, color="black", linewidth=0.8)
    for factor in (0.8, 1.25):
        axis.plot(span, factor * span, color="grey", linewidth=0.6, linestyle="--")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("measured, us")
