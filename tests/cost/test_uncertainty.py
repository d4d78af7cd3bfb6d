"""How errors of parts make the band of a step and of a metric."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import bounded
from simulator.cost.step_cost import ReadableStepCost
from simulator.cost.uncertainty import METRICS, BandTerms, delivery_band, load_band_terms, metric_band, step_band
from simulator.hardware.origin import Origin
from simulator.operators.features import StepFeatures

DEPLOYMENT = Deployment.of("Llama-3.1-8B", "h100")
SURE = replace(DEPLOYMENT, engine=replace(DEPLOYMENT.engine, bounds=()))
TERMS = BandTerms(kernel_coherence=0.5, step=0.0, metrics=dict.fromkeys(METRICS, 0.0))


@dataclass(frozen=True)
class Part:
    seconds: float
    kernel_class: str
    factors: tuple[float, float] = (0.9, 1.2)
    provenance: str = "fitted"
    layer: str = "L2"


def test_one_class_errs_by_its_common_share() -> None:
    """Two GEMMs are off together: half of 10 % down, half of 20 % up, however the time is split."""
    for parts in ([Part(1.0, "gemm")], [Part(0.3, "gemm"), Part(0.7, "gemm")]):
        assert step_band(SURE, parts, TERMS) == pytest.approx((0.95, 1.10))


def test_classes_err_independently() -> None:
    parts = [Part(3.0, "gemm"), Part(4.0, "decode_attention")]
    up = 0.10 * (3**2 + 4**2) ** 0.5 / 7
    assert step_band(SURE, parts, TERMS) == pytest.approx((1 - up / 2, 1 + up))


def test_what_was_never_timed_on_the_device_errs_in_one_direction() -> None:
    for provenance in ("transferred", "nominal"):
        parts = [Part(1.0, "gemm", provenance=provenance)]
        assert step_band(SURE, parts, TERMS) == pytest.approx((0.9, 1.2))


def test_a_closed_form_alone_errs_in_one_direction() -> None:
    """A fit to a few dozen rows has no correction: its whole error is a bias of the form."""
    assert step_band(SURE, [Part(1.0, "gemm", layer="L1")], TERMS) == pytest.approx((0.9, 1.2))


def test_a_step_nothing_explains_and_an_empty_one() -> None:
    unexplained = replace(TERMS, step=0.03)
    parts = [Part(1.0, "gemm", factors=(1.0, 1.0))]
    assert step_band(SURE, parts, unexplained) == pytest.approx((1 - 0.03 / 1.03, 1.03))
    assert step_band(SURE, [], unexplained) == (1.0, 1.0)


def test_no_step_takes_no_time_however_little_is_known() -> None:
    low, high = step_band(SURE, [Part(1.0, "stream", (0.01, 40.0), "nominal")], replace(TERMS, step=5.0))
    assert 0 < low < 0.1
    assert high > 5


def test_the_engines_multiplier_has_a_range_of_its_own() -> None:
    ranges = (("gemm_multiplier", 0.98 * DEPLOYMENT.engine.gemm_multiplier, 1.05 * DEPLOYMENT.engine.gemm_multiplier),)
    deployment = replace(DEPLOYMENT, engine=replace(DEPLOYMENT.engine, bounds=ranges))
    parts = [Part(1.0, "gemm", factors=(1.0, 1.0)), Part(1.0, "stream", factors=(1.0, 1.0))]
    assert step_band(deployment, parts, TERMS) == pytest.approx((0.99, 1.025))


def test_host_rows_carry_the_ranges_of_the_profile() -> None:
    features = StepFeatures(tokens=8, sampled=8, decode_seqs=8, decode_queries=8, decode_kv=800, admitted=2)
    rows = {row.name: row for row in ReadableStepCost(DEPLOYMENT).breakdown(features)}
    low, high = DEPLOYMENT.engine.bound("per_admitted_s")
    value = DEPLOYMENT.engine.per_admitted_s
    assert rows["host_admission"].factors == pytest.approx((low / value, high / value))
    assert bounded(DEPLOYMENT.engine, "high").per_admitted_s == high
    assert delivery_band(DEPLOYMENT.engine) == DEPLOYMENT.engine.bound("api_delivery_s")


def test_a_metric_adds_its_own_discrepancy() -> None:
    assert metric_band(100.0, 97.0, 104.0, 0.0) == (97.0, 104.0)
    assert metric_band(100.0, 97.0, 103.0, 0.04) == pytest.approx((95.0, 105.0))
    assert metric_band(100.0, 104.0, 97.0, 0.0) == (97.0, 104.0)
    assert metric_band(1.0, 0.1, 2.0, 3.0)[0] == 0.0


def test_a_band_stated_for_the_class_is_used_else_one_of_the_median() -> None:
    origin = Origin("fitted", "", 10, 0.05, 0.2)
    low, high = origin.factors
    assert low * high == pytest.approx(1.0)
    assert 1.09 < high < 1.11
    assert replace(origin, band=(0.8, 1.1)).factors == (0.8, 1.1)
    weaker = replace(origin, band=(0.8, 1.1)).weakened("transferred", "elsewhere", 2.0)
    assert (weaker.provenance, weaker.median_error) == ("transferred", 0.1)
    assert weaker.factors == pytest.approx((0.64, 1.21))


def test_the_bundled_terms_are_whole() -> None:
    terms = load_band_terms()
    assert 0 < terms.kernel_coherence <= 1
    assert set(terms.metrics) == set(METRICS)
