"""Energy adds up: over steps and quiet times, over devices, over time, whatever the log."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.energy.device_energy import DeviceEnergy, replica_intervals, run_intervals, step_watts
from simulator.energy.grid import Grid
from simulator.energy.step_work import logged_work
from simulator.hardware.power import PowerModel, power_model
from simulator.metrics.window import Window
from simulator.metrics.work import run_totals
from tests.energy.logs import Step, deployment, step_log

STEPS = st.builds(
    Step,
    gap_s=st.floats(0.0, 40.0),
    seconds=st.floats(0.002, 0.5),
    sequences=st.integers(1, 200),
    context=st.integers(20, 4000),
    prompt=st.sampled_from([0, 0, 17, 500, 4000]),
)
LOGS = st.lists(STEPS, max_size=25)


def power(hardware: str = "h100") -> PowerModel:
    model = power_model(deployment(hardware=hardware).hardware)
    assert model is not None
    return model


@settings(max_examples=60, deadline=None)
@given(LOGS, st.sampled_from(["h100", "a6000"]), st.floats(0.0, 30.0))
def test_devices_draw_what_steps_and_quiet_times_draw(steps: list[Step], hardware: str, after_s: float) -> None:
    """The long way: every step at its watts, then standby, then idle power, on each of two devices."""
    model, log = power(hardware), step_log(steps)
    end_s = (log.end_s[-1] if steps else 0.0) + after_s
    watts = step_watts(deployment(hardware=hardware), model, log)
    hold_s = float("inf") if model.standby_s is None else model.standby_s
    expected, last_end = 0.0, None
    for start, end, drawn in [*zip(log.start_s, log.end_s, watts, strict=True), (end_s, end_s, 0.0)]:
        quiet = start - (0.0 if last_end is None else last_end)
        held = 0.0 if last_end is None else min(quiet, hold_s)
        expected += held * model.standby_w + (quiet - held) * model.idle_w + (end - start) * drawn
        last_end = end
    energy = DeviceEnergy.of(replica_intervals(deployment(hardware=hardware), model, log, Window(0.0, end_s)), Grid())
    assert energy.total_j == pytest.approx(2 * expected, rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(LOGS, LOGS, st.floats(0.0, 50.0), st.floats(0.0, 50.0), st.floats(0.0, 50.0))
def test_intervals_cover_the_window_once_per_replica(
    first: list[Step], second: list[Step], start_s: float, middle_s: float, rest_s: float
) -> None:
    logs, model = [step_log(first), step_log(second, 1)], power("a6000")

    def covered(window: Window) -> tuple[float, float]:
        found = list(run_intervals(deployment(hardware="a6000"), model, logs, window))
        seconds = sum(float((one.end_s - one.start_s).sum()) for one in found)
        return seconds, sum(one.joules for one in found)

    edges = np.cumsum([start_s, middle_s, rest_s])
    early, late, whole = (covered(Window(a, b)) for a, b in ((edges[0], edges[1]), (edges[1], edges[2]), edges[::2]))
    assert whole[0] == pytest.approx(2 * (edges[2] - edges[0]), rel=1e-9, abs=1e-9)
    assert whole[1] == pytest.approx(early[1] + late[1], rel=1e-9, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=25))
def test_work_of_the_steps_adds_up_to_that_of_mfu_and_mbu(steps: list[Step]) -> None:
    log = step_log(steps)
    work, totals = logged_work(deployment(), log), run_totals(deployment(), [log])
    assert 2 * work.flops.sum() == pytest.approx(totals.flops, rel=1e-9)
    assert 2 * work.bytes.sum() == pytest.approx(totals.bytes, rel=1e-9)


def test_a_replica_without_work_idles() -> None:
    model = power()
    energy = DeviceEnergy.of(replica_intervals(deployment(), model, step_log([]), Window(0.0, 10.0)), Grid())
    assert energy == DeviceEnergy(0.0, 0.0, 2 * 10.0 * model.idle_w, energy.carbon_kg)
    assert energy.carbon_kg > 0


@given(st.floats(0, 2e5), st.floats(0, 2e5), st.lists(st.floats(0, 1), min_size=24, max_size=24), st.floats(0, 23.9))
def test_carbon_follows_the_curve(start_s: float, seconds: float, hourly: list[float], start_hour: float) -> None:
    grid = Grid(tuple(hourly), start_hour)
    edges = np.linspace(start_s, start_s + seconds, 200_001)
    middle_h = (edges[1:] + edges[:-1]) / 2 / 3600 + start_hour
    expected = np.array(hourly)[middle_h.astype(int) % 24].mean() * seconds / 3.6e6
    found = grid.integral(start_s + seconds) - grid.integral(start_s)
    assert found == pytest.approx(expected, abs=1e-6 + 1e-4 * expected)


def test_a_flat_curve_is_a_constant() -> None:
    flat, curve = Grid((0.3,), 5.0), Grid((0.3,) * 24, 5.0)
    times = np.linspace(0, 3e5, 7)
    assert curve.integral(times) == pytest.approx(flat.integral(times))
    assert flat.integral(3600.0) == pytest.approx(0.3 / 1000)
