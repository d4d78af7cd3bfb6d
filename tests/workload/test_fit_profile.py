"""Profiles fitted to tables: what they keep, what they say they lose, and how the file reads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.workload import RequestTable, SyntheticSpec, WorkloadSpec, generate
from simulator.workload.arrivals import GammaArrivals, OfflineArrivals, PoissonArrivals, WindowedArrivals
from simulator.workload.fit_arrivals import LEAST_REQUESTS_PER_WINDOW, fit_arrivals
from simulator.workload.fit_profile import fit_profile
from simulator.workload.lengths import LogNormalLength
from simulator.workload.prefixes import SharedSystemPrompt
from simulator.workload.profile_file import write_profile
from simulator.workload.profiles import load_profile

MIX = SyntheticSpec(
    5000, PoissonArrivals(10.0), LogNormalLength(800, 1.2), LogNormalLength(150, 0.8), spearman=0.4
)  # fmt: skip


def recorded(spec: SyntheticSpec = MIX) -> RequestTable:
    return generate(WorkloadSpec(synthetic=spec), 5).table


def test_the_file_reads_back_as_the_profile(tmp_path: Path) -> None:
    fitted = fit_profile(recorded(), "mine")
    write_profile(fitted.profile, tmp_path / "mine.yaml")
    assert load_profile(tmp_path / "mine.yaml").spec == fitted.profile.spec
    assert fitted.notes == ()


def test_what_is_drawn_resembles_what_was_recorded() -> None:
    table = recorded()
    drawn = generate(WorkloadSpec(synthetic=fit_profile(table, "mine").profile.spec), 9).table
    assert len(drawn) == len(table)
    for name in ("prompt_tokens", "output_tokens"):
        mine, theirs = getattr(drawn, name), getattr(table, name)
        # 0.004 of the fit and the noise of 5,000 draws (Kolmogorov's 99.9 % point is 1.95 / sqrt(n)).
        shares = np.searchsorted(np.sort(mine), np.sort(theirs), side="right") / len(mine)
        assert np.abs(shares - np.arange(1, len(theirs) + 1) / len(theirs)).max() < 0.004 + 1.95 * (2 / 5000) ** 0.5
    assert drawn.arrival_s[-1] == pytest.approx(table.arrival_s[-1], rel=0.05)


def test_poisson_traffic_needs_no_burstiness() -> None:
    process = fit_arrivals(recorded().arrival_s)
    assert isinstance(process, WindowedArrivals)
    assert len(process.rates_per_s) == 240
    assert process.rate_per_s == pytest.approx(10, rel=0.05)
    assert 0.8 < process.burstiness < 1.3


def test_bursts_and_idle_minutes_come_back() -> None:
    rng = np.random.default_rng(0)
    arrival_s = np.sort(np.concatenate([300.0 * k + rng.exponential(5.0, 400) for k in range(12)]))
    process = fit_arrivals(arrival_s)
    assert isinstance(process, WindowedArrivals)
    drawn = process.times(4800, np.random.default_rng(1))
    # A window that begins before its burst spreads it by its own length; behind the last window the first comes again.
    once = drawn[drawn < arrival_s[-1]]
    near_burst = np.mod(once + process.window_s, 300.0) < 60.0 + process.window_s
    assert len(once) > 4400
    assert np.mean(near_burst) > 0.999
    assert len(process.rates_per_s) <= 4800 // LEAST_REQUESTS_PER_WINDOW


def test_few_requests_make_a_gamma_and_a_batch_is_a_batch() -> None:
    assert isinstance(fit_arrivals(np.array([0.0, 1.0, 4.0])), GammaArrivals)
    assert isinstance(fit_arrivals(np.zeros(50)), OfflineArrivals)
    assert isinstance(fit_arrivals(np.zeros(1)), OfflineArrivals)


def test_a_prefix_of_all_is_kept_and_other_reuse_is_said_to_be_lost() -> None:
    common = fit_profile(recorded(SyntheticSpec(**{**MIX.__dict__, "prefix": SharedSystemPrompt(256)})), "mine")
    assert common.profile.spec.prefix == SharedSystemPrompt(256)
    assert common.notes == ()
    twice = recorded(SyntheticSpec(**{**MIX.__dict__, "samples_per_request": 2}))
    assert any("prefixes that some prompts share are not reproduced" in note for note in fit_profile(twice, "x").notes)
