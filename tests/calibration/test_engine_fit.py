"""Host terms recovered from runs whose truth is known: simulated ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.engine_fit.engine_fit import EngineFit, fit_engine
from calibration.engine_fit.observations import observations
from calibration.engine_fit.parameters import PARAMETERS, largest, named, vector_of, with_vector
from simulator.cost.engine_profile import EngineProfile, load_engine
from simulator.models.spec import ModelSpec
from simulator.validation.case import Case
from simulator.validation.models_table import read_models
from simulator.validation.prepared import prepare
from simulator.validation.read import read_cases
from tests.validation.case_files import MODEL_ROW, record, write_cases

METRICS = ("ttft_mean_ms", "tpot_mean_ms", "e2e_mean_ms")
SMALL, DEEP, WIDE = "tests/tiny", "tests/deep", "tests/wide"
MODELS = (
    MODEL_ROW,
    {**MODEL_ROW, "id": DEEP, "num_layers": "32"},
    {**MODEL_ROW, "id": WIDE, "hidden_size": "8192", "intermediate_size": "28672", "num_attention_heads": "64"},
)


def profile() -> EngineProfile:
    """The shipped profile, its terms at the priors' centres."""
    return with_vector(load_engine("vllm-0.15"), [parameter.prior for parameter in PARAMETERS])


def runs_of(truth: EngineProfile, folder: Path) -> tuple[list[Case], dict[str, ModelSpec]]:
    """Three models at two loads each, "measured" by simulating them under ``truth``."""
    records: list[dict[str, Any]] = [
        record(
            id=f"{model}-{concurrency}",
            model=model,
            workload={"concurrency": concurrency, "num_requests": 16, "output_tokens": {"fixed": 40}},
            engine={"max_num_batched_tokens": 256},
        )
        for model in (SMALL, DEEP, WIDE)
        for concurrency in (1, 8)
    ]
    path = write_cases(folder, *records, models=MODELS)
    models = read_models(folder / "models.csv")
    return [replace(case, measured=measure(case, models, truth)) for case in read_cases(path)], models


def measure(case: Case, models: dict[str, ModelSpec], truth: EngineProfile) -> dict[str, float]:
    prepared = prepare(case, models).with_engine(truth)
    figures = prepared.prediction(prepared.simulate(prepared.cost())).figures
    return {metric: figures[metric] for metric in METRICS}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> EngineFit:
    """Fitted to an engine with an API of 8.2 ms, 600 us a step and GEMMs 4 % slower than their kernel timings."""
    truth = replace(profile(), api_delivery_s=8.2e-3, per_step_s=600e-6, gemm_multiplier=1.04)
    cases, models = runs_of(truth, tmp_path_factory.mktemp("runs"))
    return fit_engine(cases, models, profile(), max_steps=2, workers=1)


def test_what_the_runs_tell_is_found(found: EngineFit) -> None:
    values = named(found.values)
    assert values["api_delivery_ms"] == pytest.approx(8.2, abs=0.4)
    assert values["per_step_us"] == pytest.approx(600, rel=0.15)
    assert np.median(np.abs(found.in_sample)) < 1.0
    assert np.max(np.abs(found.in_sample)) < 4.0


def test_what_they_do_not_tell_stays_at_its_prior(found: EngineFit) -> None:
    """No experts, no second device, no top-p sampling in these runs."""
    values = named(found.values)
    for parameter in PARAMETERS:
        if parameter.key.startswith(("moe", "all_reduce", "sampler")):
            assert values[parameter.key] == pytest.approx(parameter.prior, abs=1e-3 * parameter.sigma)


def test_a_model_is_predicted_without_its_runs(found: EngineFit) -> None:
    """One engine made all the runs, so what two models tell holds for the third; the ranges span the folds."""
    assert set(found.folds) == {SMALL, DEEP, WIDE}
    assert found.held_out is not None
    assert np.median(np.abs(found.held_out)) < 3.0
    assert not np.array_equal(found.held_out, found.in_sample)
    low, high = found.range()
    assert (low <= found.values).all()
    assert (found.values <= high).all()
    assert (high > low).any()
    assert (high <= largest()).all()


@pytest.mark.slow
def test_a_fold_does_not_see_its_model(tmp_path: Path) -> None:
    """Whatever the held-out model's runs measured, its fold's terms stay: here one model's figures are doubled."""
    truth = profile()
    cases, models = runs_of(truth, tmp_path)
    honest = fit_engine(cases, models, truth, max_steps=1, workers=1)
    odd = [
        replace(case, measured={metric: 1.02 * value for metric, value in case.measured.items()})
        if case.model == WIDE
        else case
        for case in cases
    ]
    changed = fit_engine(odd, models, truth, max_steps=1, workers=1)
    sigma = np.array([parameter.sigma for parameter in PARAMETERS])
    moved = np.abs(changed.values - honest.values) / sigma
    moved_fold = np.abs(changed.folds[WIDE] - honest.folds[WIDE]) / sigma
    assert moved.max() > 0.1
    assert moved_fold.max() < 0.25 * moved.max()


def test_many_runs_of_one_model_do_not_outweigh_the_others(tmp_path: Path) -> None:
    cases, _ = runs_of(profile(), tmp_path)
    ten = [replace(cases[0], id=f"again-{index}") for index in range(100)]
    tpot = [one for one in observations([*cases[2:], *ten]) if one.metric == "tpot_mean_ms"]
    information = {model: sum(one.weight**2 for one in tpot if one.model == model) for model in (SMALL, DEEP)}
    assert information[SMALL] < 1.3 * information[DEEP]


def test_a_vector_is_the_profile_in_the_files_units() -> None:
    engine = load_engine("vllm-0.15")
    assert named(vector_of(engine))["api_delivery_ms"] == pytest.approx(1e3 * engine.api_delivery_s)
    assert vector_of(with_vector(engine, vector_of(engine))) == pytest.approx(vector_of(engine))
