"""ACCURACY.md: held-out errors of every layer, device and kernel class beside what is demanded of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calibration.fit.files import Key
from calibration.fit.held_out import Layer, Result
from calibration.fit.latent_and_narrow_errors import render_latent_and_narrow
from calibration.fit.unseen import render_unseen

FEW_POINTS = 64


@dataclass(frozen=True)
class Target:
    """Demanded median and p90 of the absolute relative error, percent, with the full table and with few points."""

    median: float
    p90: float
    few_median: float = 6.0
    few_p90: float = 18.0

    def times(self, factor: float) -> Target:
        """Demands of a device that may be worse by ``factor`` (few-point demands stay)."""
        return Target(self.median * factor, self.p90 * factor, self.few_median, self.few_p90)


TARGETS: Mapping[Key, Target] = {
    ("gemm", "bf16"): Target(4, 12),
    ("gemm", "fp8"): Target(5, 18, 9, 26),
    ("prefill_attention", "bf16"): Target(3, 9),
    ("decode_attention", "bf16"): Target(2, 7),
    ("moe", "bf16"): Target(6, 20),
    ("moe", "fp8"): Target(6, 20),
    ("custom_all_reduce", None): Target(5, 20),
}
"""Of Hopper; other classes have none."""

STRICT = ("H100-SXM5-80GB", "H200-SXM-141GB")
OTHERS_FACTOR = 1.5


@dataclass(frozen=True)
class DeviceAccuracy:
    """One device: results of the full table and of ``FEW_POINTS`` rows a class, which learn from devices of other
    generations (``few``) or from all others (``related``)."""

    device: str
    full: Mapping[Key, Result]
    few: Mapping[Key, Result]
    related: Mapping[Key, Result]


def render(devices: Sequence[DeviceAccuracy]) -> str:
    """The markdown text."""
    lines = [_INTRODUCTION]
    for device in devices:
        lines += [f"## {device.device}", "", *_errors(device), "", *_bands(device), ""]
    lines += [*render_unseen(), "", *render_latent_and_narrow(), ""]
    met, all_of_them = _tally(devices)
    lines.append(f"Targets met: {met} of {all_of_them} (full table and {FEW_POINTS} points counted apart).")
    return "\n".join(lines) + "\n"


def _errors(device: DeviceAccuracy) -> list[str]:
    lines = [
        f"| kernel class | rows | L0 | L1 | L1+L2 | target | L1+L2, {FEW_POINTS} points | target | + relatives |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for key, result in device.full.items():
        target, few, related = target_of(device.device, key), device.few.get(key), device.related.get(key)
        demand = None if target is None else (target.median, target.p90)
        few_demand = None if target is None else (target.few_median, target.few_p90)
        cells = [
            _name(key),
            f"{result.rows:,}",
            _pair(result.layers["L0"]),
            _pair(result.layers["L1"]),
            _marked(_best(result), demand),
            _demand(demand),
            "-" if few is None else _marked(_best(few), few_demand),
            _demand(few_demand),
            "-" if related is None else _pair(_best(related)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _bands(device: DeviceAccuracy) -> list[str]:
    lines = [
        "| 80 % band of a single kernel | low | high | rows inside | median width | interval score |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for key, result in device.full.items():
        layer = _best(result)
        score = layer.score
        honest = "" if 0.7 <= score.coverage <= 0.9 or result.rows < 60 else " **(miss)**"
        lines.append(
            f"| {_name(key)} | {layer.band.low:.2f} | {layer.band.high:.2f} | {100 * score.coverage:.0f} %{honest} "
            f"| {score.width:.2f} | {score.interval_score:.2f} |"
        )
    return lines


def target_of(device: str, key: Key) -> Target | None:
    """What is demanded of a class on a device; None = nothing."""
    target = TARGETS.get(key)
    return target if target is None or device in STRICT else target.times(OTHERS_FACTOR)


def _tally(devices: Sequence[DeviceAccuracy]) -> tuple[int, int]:
    met = []
    for device in devices:
        for key, result in device.full.items():
            target = target_of(device.device, key)
            if target is None:
                continue
            met.append(_meets(_best(result), (target.median, target.p90)))
            if key in device.few:
                met.append(_meets(_best(device.few[key]), (target.few_median, target.few_p90)))
    return sum(met), len(met)


def _best(result: Result) -> Layer:
    """The layer a prediction is made from."""
    return result.layers.get("L2", result.layers["L1"])


def _meets(layer: Layer, demand: tuple[float, float]) -> bool:
    """To the digit that is printed."""
    return round(100 * layer.errors.median, 1) <= demand[0] and round(100 * layer.errors.p90) <= demand[1]


def _marked(layer: Layer, demand: tuple[float, float] | None) -> str:
    return _pair(layer) if demand is None or _meets(layer, demand) else f"**{_pair(layer)} (miss)**"


def _pair(layer: Layer) -> str:
    return f"{100 * layer.errors.median:.1f} / {100 * layer.errors.p90:.0f}"


def _demand(demand: tuple[float, float] | None) -> str:
    return "" if demand is None else f"{demand[0]:g} / {demand[1]:g}"


def _name(key: Key) -> str:
    return key[0].replace("_", " ") + (f" {key[1]}" if key[1] else "")


_INTRODUCTION = f"""\
# Accuracy of the kernel cost model

Made by `inferplan calibrate accuracy FOLDER --write` from measured kernel tables that are not stored here
(aiconfigurator-core 0.12.0, Apache-2.0). Errors are median / 90th percentile of `|predicted / measured - 1|` of
*single kernels* in percent, on whole shape families held out of the fit in four folds: (n, k) pairs, (heads, KV
heads) pairs, expert shapes, message sizes. The exact-hit layer L3 is off. Summed over a step, errors in both
directions cancel.

L0: data sheet and usual shares, nothing fitted. L1: closed form, constants fitted. L1+L2: with the smooth correction,
where it helps on held-out shapes; what the simulator uses inside the measured ones. {FEW_POINTS} points: only so many
rows a class and fold to learn from, spread over the shapes without a look at their times, and the shipped constants and
corrections of devices of *other generations* (Ampere, Ada, Hopper and Blackwell are one each: H200's rows learn nothing
from H100). "+ relatives": the same rows with all other shipped devices, as `inferplan calibrate fit` learns; A100 and
L40S have no relative with a full table.

Bands are the central 80 % of measured / predicted of the layer used. "Rows inside" is counted on held-out rows with the
band of the *other* folds. The width is relative to the prediction; the interval score (smaller is better) is relative
to the measurement.

Rows of 8- and 4-bit multiplies contain the kernel that quantises their activations; form and error are of both.
"""
