"""Predicted power against power measured on real cards."""

from __future__ import annotations

import gzip
from csv import DictReader
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from calibration.power_points import POINTS, predicted_watts
from simulator.cluster.simulation import SimulationOutcome
from simulator.energy.device_energy import replica_intervals
from simulator.hardware.power import power_model
from simulator.hardware.profile import PowerWeights
from simulator.metrics.window import Window
from simulator.wiring import Wiring
from tests.energy.pulse import simulated_pulse
from tests.shared_data import SHARED, needs_shared

FIRST_KERNEL_S = 9.5
"""When the pulse starts on the measured clock: the first reading above idle."""


GPU, SERVER = "gpu_nvidia_smi", "server_ipmi"
HOST_W = 360.0
"""Host of the measured server (one box, so one number): what it draws beside its GPUs, about."""


def measured_watts(tensor_parallel_size: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Time since the pulse began (s) and watts of GPU 0 (five readings a second) or of the whole server."""
    with gzip.open(SHARED / "data/peers/power_llmservingsim_a6000.csv.gz", "rt") as file:
        rows = [row for row in DictReader(file) if row["tp"] == str(tensor_parallel_size)]
    began = min(moment(row["timestamp"]) for row in rows if row["kind"] == GPU)
    readings = [row for row in rows if row["kind"] == kind and row["power_w"].replace(".", "", 1).isdigit()]
    seconds = np.array([(moment(row["timestamp"]) - began).total_seconds() for row in readings]) - FIRST_KERNEL_S
    return seconds, np.array([float(row["power_w"]) for row in readings])


def moment(stamp: str) -> datetime:
    """Both loggers write the same clock, one with slashes and milliseconds."""
    return datetime.fromisoformat(stamp.replace("/", "-"))


def predicted_j(wiring: Wiring, outcome: SimulationOutcome, start_s: float, end_s: float) -> float:
    """Joules of all cards between two instants after the pulse began."""
    power = power_model(wiring.deployment.hardware)
    assert power is not None
    intervals = replica_intervals(wiring.deployment, power, outcome.step_logs[0], Window(start_s, end_s))
    return sum(interval.joules for interval in intervals)


@needs_shared
@pytest.mark.parametrize(
    ("tensor_parallel_size", "busy_error", "energy_error"), [(1, 0.01, 0.09), (2, 0.11, 0.05)], ids=["tp1", "tp2"]
)
def test_rtx_a6000_pulse_has_its_measured_shape(
    tmp_path: Path, tensor_parallel_size: int, busy_error: float, energy_error: float
) -> None:
    """Idle, a plateau at the limit, 17 s of standby, idle again; and the joules of the whole minute.

    Steps of this run, without graphs, are predicted 11 to 15 % too short. On one card the plateau ends more than a
    second early, and the joules of the minute are 8 % low; on two it comes out 9 % high, too well used.
    """
    wiring, outcome = simulated_pulse(tmp_path, tensor_parallel_size)
    seconds, watts = measured_watts(tensor_parallel_size, GPU)

    def error(start_s: float, end_s: float) -> float:
        inside = (seconds > start_s) & (seconds < end_s)
        drawn = predicted_j(wiring, outcome, start_s, end_s) / tensor_parallel_size / (end_s - start_s)
        return float(drawn / watts[inside].mean() - 1)

    assert abs(error(-9, -1)) < 0.03, "idle before"
    assert abs(error(1.5, 5)) < busy_error, "busy plateau"
    assert abs(error(14, 22)) < 0.07, "standby after the last kernel"
    assert abs(error(35, 49)) < 0.03, "idle again"
    whole = (seconds > -9.5) & (seconds < 50.5)
    found = predicted_j(wiring, outcome, -9.5, 50.5) / tensor_parallel_size
    assert found == pytest.approx(np.trapezoid(watts[whole], seconds[whole]), rel=energy_error)


@needs_shared
@pytest.mark.parametrize("tensor_parallel_size", [1, 2])
def test_server_draws_a_constant_host_and_its_cards(tmp_path: Path, tensor_parallel_size: int) -> None:
    """Idle 379 W, 680 W (two cards 923 W) at work, 445 W (523 W) on standby: one host power holds them within 5 %."""
    wiring, outcome = simulated_pulse(tmp_path, tensor_parallel_size)
    seconds, watts = measured_watts(tensor_parallel_size, SERVER)
    for start_s, end_s in ((-9, -1), (2, 5), (14, 22), (35, 49)):
        inside = (seconds > start_s) & (seconds < end_s)
        server = HOST_W + predicted_j(wiring, outcome, start_s, end_s) / (end_s - start_s)
        assert server == pytest.approx(watts[inside].mean(), rel=0.06)


def test_weights_are_the_fit_to_the_published_points() -> None:
    errors = sorted(abs(predicted_watts(point) / point.watts - 1) for point in POINTS)
    assert errors[len(errors) // 2] < 0.03
    assert errors[-2] < 0.08
    assert errors[-1] < 0.15, "batch 128 of the sweep, if that was a 70B model"


def test_other_weights_would_miss_the_points() -> None:
    plain = PowerWeights(1.0, 1.0, 0.0, "u_c and u_m added")
    errors = sorted(abs(predicted_watts(point, plain) / point.watts - 1) for point in POINTS)
    assert errors[len(errors) // 2] > 0.1
