"""Growth, the shape of a day, headroom, and workloads that describe a day themselves."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.planning.brief import Brief
from simulator.planning.mix import busiest_hour, drawn_from, scaled_lengths, with_requests
from simulator.planning.traffic import Traffic
from simulator.workload.arrivals import PoissonArrivals
from simulator.workload.generate import generate
from simulator.workload.lengths import FixedLength
from simulator.workload.prefixes import SharedSystemPrompt
from simulator.workload.rate_curves import DiurnalArrivals
from simulator.workload.spec import ProfileSpec, SyntheticSpec, WorkloadSpec
from tests.planning.plans import small_plan


def test_growth_peak_and_headroom_multiply() -> None:
    traffic = Traffic(rate_per_s=50.0, growth_per_year=0.5, horizon_years=2.0, peak_to_mean=2.0, headroom=0.1)
    rates = traffic.rates(own_rate_per_s=7.0)
    assert rates.today == 50
    assert rates.mean == pytest.approx(50 * 1.5**2)
    assert rates.peak == pytest.approx(2 * rates.mean)
    assert rates.design == pytest.approx(1.1 * rates.peak)
    assert traffic.milestones() == [0, 1, 2]
    assert Traffic(horizon_years=1.5).milestones() == [0, 1, 1.5]


def test_the_busiest_hour_decides() -> None:
    day = [1.0] * 23 + [5.0]
    rates = Traffic(rate_per_s=10.0, hourly=day).rates(1.0)
    assert rates.peak == pytest.approx(10 * 5 / (28 / 24))
    assert Traffic().rates(7.0).design == 7.0


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"hourly": [1.0] * 23}, "traffic.hourly: must have 24 values"),
        ({"hourly": [0.0] * 24}, "must have a value above 0"),
        ({"hourly": [1.0] * 24, "peak_to_mean": 2.0}, "traffic.peak_to_mean: cannot stand beside hourly"),
        ({"rate_per_s": 0.0}, "traffic.rate_per_s: must be greater than 0"),
        ({"headrom": 0.1}, "did you mean 'headroom'"),
    ],
)
def test_mistakes(keys: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        small_plan(traffic={"rate_per_s": 10.0} | keys)


def test_a_day_in_the_workload_becomes_its_peak() -> None:
    lengths = FixedLength(10)
    diurnal = SyntheticSpec(100, DiurnalArrivals(rate_per_s=10.0, amplitude=0.5), lengths, lengths)
    hour, factor = busiest_hour(WorkloadSpec(synthetic=diurnal))
    assert factor == 1.5
    assert hour.synthetic is not None
    assert hour.synthetic.arrival == PoissonArrivals(10.0)
    plan = small_plan(
        workload={
            "synthetic": {
                "num_requests": 300,
                "arrival": {"kind": "diurnal", "rate_per_s": 10.0, "amplitude": 0.5},
                "prompt_tokens": 100,
                "output_tokens": 5,
            }
        },
        traffic={"rate_per_s": 20.0},
    )
    assert Brief(plan).rates.peak == pytest.approx(30.0)


def test_a_profile_is_drawn_as_its_mix() -> None:
    profile = WorkloadSpec(profile=ProfileSpec("azure-conv-2023", num_requests=50, rate_multiplier=2.0))
    ours, theirs = generate(drawn_from(profile), 3), generate(profile, 3)
    assert np.array_equal(ours.table.prompt_tokens, theirs.table.prompt_tokens)
    assert np.allclose(ours.table.arrival_s, theirs.table.arrival_s)
    assert len(generate(with_requests(profile, 20), 0).table) == 20


def test_longer_texts_keep_what_they_share() -> None:
    prefix = SharedSystemPrompt(64)
    lengths = FixedLength(10)
    spec = SyntheticSpec(40, PoissonArrivals(1.0), lengths, lengths, prefix=prefix)
    table = generate(WorkloadSpec(synthetic=spec), 0).table
    longer = scaled_lengths(table, 1.5)
    assert set(longer.prompt_tokens.tolist()) == {96 + 15}
    assert set(longer.output_tokens.tolist()) == {15}
    assert longer.segments is not None
    assert np.array_equal(longer.segments.segment, table.segments.segment)  # type: ignore[union-attr]
    assert scaled_lengths(table, 0.001).prompt_tokens.min() >= 1
