"""Joules the devices of a run draw: while steps run, on standby between them, idle before and long after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.cost.deployment import Deployment
from simulator.energy.grid import Grid
from simulator.energy.step_work import logged_work
from simulator.hardware.power import PowerModel
from simulator.metrics.logs import StepLog
from simulator.metrics.window import Window

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Stretches of time of one replica, (n,) each: start and end (s), and watts of all its devices together."""

    state: str
    start_s: Floats
    end_s: Floats
    watts: Floats

    @property
    def joules(self) -> float:
        """Energy of all stretches."""
        return float(((self.end_s - self.start_s) * self.watts).sum())

    def kilograms(self, grid: Grid) -> float:
        """kgCO2e of the energy, at the grid's intensity when it is drawn."""
        return float(((grid.integral(self.end_s) - grid.integral(self.start_s)) * self.watts).sum())


@dataclass(frozen=True)
class DeviceEnergy:
    """Joules by state of the devices, all replicas together, and the carbon of them (kgCO2e, before PUE)."""

    busy_j: float
    standby_j: float
    idle_j: float
    carbon_kg: float

    @property
    def total_j(self) -> float:
        """All states."""
        return self.busy_j + self.standby_j + self.idle_j

    @classmethod
    def of(cls, intervals: Iterable[Interval], grid: Grid) -> DeviceEnergy:
        """Added up."""
        joules = {"busy": 0.0, "standby": 0.0, "idle": 0.0}
        carbon = 0.0
        for one in intervals:
            joules[one.state] += one.joules
            carbon += one.kilograms(grid)
        return cls(joules["busy"], joules["standby"], joules["idle"], carbon)


def run_intervals(
    deployment: Deployment, power: PowerModel, logs: Sequence[StepLog], window: Window
) -> Iterator[Interval]:
    """Every stretch of every replica inside the window; together they cover it once per replica."""
    for log in logs:
        yield from replica_intervals(deployment, power, log, window)


def replica_intervals(
    deployment: Deployment, power: PowerModel, log: StepLog, window: Window
) -> tuple[Interval, Interval, Interval]:
    """Busy, standby and idle stretches of one replica, cut to the window."""
    worked = log.column("tokens") > 0
    start, end = (log.column(name)[worked].astype(np.float64) for name in ("start_s", "end_s"))
    devices = deployment.tensor_parallel_size
    watts = devices * step_watts(deployment, power, log)[worked]
    quiet_from, quiet_to = end, end
    if len(end):
        quiet_to = np.append(start[1:], max(window.end_s, end[-1]))
    hold_s = np.inf if power.standby_s is None else power.standby_s
    turn = np.minimum(quiet_from + hold_s, quiet_to)
    # Nothing has run before the first step, so the device is not kept on standby by one.
    idle_from = np.append(window.start_s, turn)
    idle_to = np.append(start[0] if len(start) else window.end_s, quiet_to)
    return (
        _cut(Interval("busy", start, end, watts), window),
        _cut(_steady("standby", quiet_from, turn, devices * power.standby_w), window),
        _cut(_steady("idle", idle_from, idle_to, devices * power.idle_w), window),
    )


def step_watts(deployment: Deployment, power: PowerModel, log: StepLog) -> Floats:
    """(steps,) power of one device during each step of a log."""
    seconds: Floats = np.asarray(log.column("end_s") - log.column("start_s"), dtype=np.float64)
    work, device = logged_work(deployment, log), deployment.hardware
    wire = device.group_bytes_per_s(deployment.tensor_parallel_size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return power.watts(
            _share(work.flops, device.peak(deployment.dtypes.activations) * seconds),
            _share(work.bytes, device.memory_bytes_per_s * seconds),
            _share(work.wire_bytes, wire * seconds),
        )


def _share(done: Floats, possible: Floats) -> Floats:
    return np.where(possible > 0, done / possible, 0.0)


def _steady(state: str, start: Floats, end: Floats, watts: float) -> Interval:
    return Interval(state, start, end, np.full(len(start), watts))


def _cut(one: Interval, window: Window) -> Interval:
    """The parts inside the window; stretches outside it get no length."""
    start, end = (np.clip(times, window.start_s, window.end_s) for times in (one.start_s, one.end_s))
    return Interval(one.state, start, np.maximum(start, end), one.watts)
