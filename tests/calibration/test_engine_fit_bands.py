"""Widths of 80 % bands from errors whose distribution is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.engine_fit.bands import (
    COHERENCES,
    HeldOutValue,
    fit_bands,
    held_out_values,
    smallest_width,
)
from calibration.engine_fit.bands_file import bands_text
from simulator.cost.uncertainty import BandTerms, load_band_terms
from simulator.datafiles import data_dir
from simulator.errors import InputError
from simulator.validation.models_table import read_models
from simulator.validation.read import read_cases
from simulator.validation.score import ScoreCase
from tests.cli.invoke import inferplan
from tests.validation.case_files import record, write_cases

BANDS = data_dir("calibration") / "bands.yaml"
TERMS = BandTerms(0.4, 0.01, {"ttft": 0.05, "tpot": 0.0, "e2el": 0.0, "throughput": 0.0})


def errors(sigma: float, n: int = 400, seed: int = 3) -> list[float]:
    """Normal errors."""
    return [float(error) for error in np.random.Generator(np.random.PCG64(seed)).normal(0.0, sigma, n)]


def drawn(sigma: float, metric: str, per_coherence: float) -> list[HeldOutValue]:
    """Normal errors of ten models; the cost model's span is ``per_coherence`` at coherence 1."""
    spans = tuple(per_coherence * coherence for coherence in COHERENCES)
    return [HeldOutValue(f"m{index % 10}", metric, error, spans) for index, error in enumerate(errors(sigma))]


def test_the_width_is_the_80_percent_quantile_of_a_normal() -> None:
    """z(0.9) = 1.2816; what the cost model's own span explains is taken away in quadrature."""
    bare = [(error, 0.0) for error in errors(0.03)]
    assert smallest_width(bare) == pytest.approx(1.2816 * 0.03, rel=0.1)
    explained = smallest_width([(error, 0.02) for error, _ in bare])
    assert explained**2 + 0.02**2 == pytest.approx(smallest_width(bare) ** 2)
    assert smallest_width([(error, 1.0) for error, _ in bare]) == 0.0


def test_coherence_follows_the_errors_of_whole_streams() -> None:
    """An 80 % half width of 3.8 % asks for nearly half of a span of 8 %."""
    found = fit_bands(drawn(0.03, "tpot_mean_ms", 0.08), TERMS)
    assert found.coherence == pytest.approx(1.2816 * 0.03 / 0.08, abs=0.06)
    assert 0.8 <= found.coverage < 0.86
    assert 0.7 < found.crossed < 0.9
    assert fit_bands(drawn(0.01, "tpot_mean_ms", 0.08), TERMS).coherence < found.coherence


def test_first_tokens_get_what_steps_do_not_explain() -> None:
    found = fit_bands(drawn(0.02, "tpot_mean_ms", 0.05) + drawn(0.06, "ttft_mean_ms", 0.05), TERMS)
    half_width = np.hypot(found.ttft, 0.05 * found.coherence)
    assert half_width == pytest.approx(1.2816 * 0.06, rel=0.1)
    assert found.coverage == pytest.approx(0.8, abs=0.03)


def test_one_model_cannot_be_crossed() -> None:
    [value, *_] = drawn(0.02, "tpot_mean_ms", 0.05)
    assert np.isnan(fit_bands([value], TERMS).crossed)


def test_spans_at_other_coherences_are_those_simulated_there(tmp_path: Path) -> None:
    """Scaled from one simulated band, against bands simulated at a coherence near it: queues answer in steps, so that
    the scale holds nearby."""
    path = write_cases(tmp_path, record(measured={"tpot_ms": {"mean": 1.0}, "ttft_ms": {"mean": 50.0}}))
    cases, models = read_cases(path), read_models(tmp_path / "models.csv")

    def spans(coherence: float) -> dict[str, tuple[float, ...]]:
        terms = replace(TERMS, kernel_coherence=coherence)
        results = [ScoreCase(models, "fitted", True, terms)(case) for case in cases]
        return {value.metric: value.spans for value in held_out_values(results, terms)}

    scaled, simulated = spans(0.4), spans(0.5)
    place = COHERENCES.index(0.5)
    for metric, values in simulated.items():
        assert scaled[metric][place] == pytest.approx(values[place], rel=0.05)


def test_the_band_file_keeps_the_rest(tmp_path: Path) -> None:
    old = BANDS.read_text()
    new = bands_text(old, fit_bands(drawn(0.02, "tpot_mean_ms", 0.05), TERMS), BANDS)
    path = tmp_path / "bands.yaml"
    path.write_text(new)
    changed = [now.split(":")[0] for was, now in zip(old.splitlines(), new.splitlines(), strict=True) if was != now]
    assert changed == ["kernel_coherence", "ttft"]
    with pytest.raises(InputError, match="kernel_coherence: must stand on one line"):
        bands_text("step: {}", fit_bands(drawn(0.02, "tpot_mean_ms", 0.05), TERMS), path)


def test_the_command_writes_what_it_prints(tmp_path: Path) -> None:
    out = tmp_path / "bands.yaml"
    out.write_text(BANDS.read_text())
    outcome = inferplan("calibrate", "bands", write_cases(tmp_path, record()), "--groups", "tiny", "--out", out)
    assert outcome.status == 0
    assert "of 2 held-out values inside" in outcome.out
    assert out.read_text() != BANDS.read_text()
    assert load_band_terms().step > 0
