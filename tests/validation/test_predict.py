"""Predictions of cases small enough to work out by hand from the cost model."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import pytest

from simulator.cost.step_cost import ReadableStepCost
from simulator.cost.uncertainty import BandTerms
from simulator.operators.features import StepFeatures
from simulator.validation.assemble import Setup, assemble
from simulator.validation.case import Case
from simulator.validation.inferred import without_inferred
from simulator.validation.models_table import read_models
from simulator.validation.predict import CasePrediction, predict
from simulator.validation.read import read_cases
from simulator.validation.requests import case_requests
from simulator.validation.unsupported import Unsupported
from tests.validation.case_files import fixed_batch, record, write_cases


def read(folder: Path, content: dict[str, Any]) -> Case:
    [case] = read_cases(write_cases(folder, content))
    return case


def predicted(folder: Path, content: dict[str, Any], band_terms: BandTerms | None = None) -> CasePrediction:
    return predict(read(folder, content), read_models(folder / "models.csv"), band_terms=band_terms)


def setup(folder: Path, case: Case) -> Setup:
    return assemble(case, case_requests(case).workload, read_models(folder / "models.csv"))


def test_a_fixed_batch_is_one_prefill_and_lock_step_decodes(tmp_path: Path) -> None:
    content = fixed_batch(batch=3, prompt=128, output=4)
    found = predicted(tmp_path, content).nominal.figures
    cost = ReadableStepCost(setup(tmp_path, read(tmp_path, content)).deployment)
    prefill = StepFeatures(tokens=384, sampled=3, admitted=3)
    for _ in range(3):
        prefill.add_chunk(128, 0)
    decodes = [
        StepFeatures(tokens=3, sampled=3, decode_seqs=3, decode_queries=3, decode_kv=3 * (128 + new))
        for new in (1, 2, 3)
    ]
    prompt_s = cost.seconds(prefill)
    decode_s = [cost.seconds(step) for step in decodes]
    assert found["prompt_time_ms"] == pytest.approx(1e3 * prompt_s)
    assert found["tpot_mean_ms"] == pytest.approx(1e3 * sum(decode_s) / 3)
    assert found["e2e_p50_ms"] == pytest.approx(1e3 * (prompt_s + sum(decode_s)))
    assert found["output_tok_s"] == pytest.approx(3 * 4 / (prompt_s + sum(decode_s)))


def test_the_client_sees_the_api_server_and_the_engine_does_not(tmp_path: Path) -> None:
    offline = {"kind": "offline", "concurrency": None}  # nobody waits for an answer, so the runs are the same
    client = predicted(tmp_path, record(ttft_point="client", workload=offline)).nominal.figures
    engine = predicted(tmp_path, record(ttft_point="engine", workload=offline)).nominal.figures
    delivery_s = setup(tmp_path, read(tmp_path, record())).deployment.engine.api_delivery_s
    assert client["ttft_mean_ms"] - engine["ttft_mean_ms"] == pytest.approx(1e3 * delivery_s)
    assert client["e2e_p90_ms"] - engine["e2e_p90_ms"] == pytest.approx(1e3 * delivery_s)
    assert client["tpot_mean_ms"] == pytest.approx(engine["tpot_mean_ms"])


def test_the_band_scales_every_step(tmp_path: Path) -> None:
    terms = BandTerms(kernel_coherence=0.5, step=0.03, metrics={"tpot": 0.0, "ttft": 0.04})
    prediction = predicted(tmp_path, fixed_batch(batch=2, prompt=64, output=8), terms)
    tpot, ttft = (prediction.nominal.figures[name] for name in ("tpot_mean_ms", "ttft_mean_ms"))
    low, high = prediction.step_factors
    assert 0 < low < 0.97
    assert high > 1.03
    assert prediction.bounds("tpot_mean_ms", terms) == pytest.approx((tpot * low, tpot * high))
    most = ttft * (1 + math.hypot(high - 1, 0.04))  # the metric's own discrepancy stands beside, in quadrature
    assert prediction.bounds("ttft_mean_ms", terms)[1] == pytest.approx(most)


def test_recorded_blocks_override_the_memory_model(tmp_path: Path) -> None:
    assert setup(tmp_path, read(tmp_path, record())).engine.num_blocks == 999  # one is the null block
    free = setup(tmp_path, read(tmp_path, record(engine={"num_kv_blocks": None}))).engine.num_blocks
    assert free > 100_000


def test_without_inferred_facts_the_set_up_speaks(tmp_path: Path) -> None:
    llmd = without_inferred(read(tmp_path, record(group="llmd")))
    assert llmd.engine.num_kv_blocks is None
    inferencex = without_inferred(read(tmp_path, record(group="inferencex", sampling={"top_p": True})))
    assert inferencex.kv_dtype == "fp8"
    assert not inferencex.top_p_sampling
    assert inferencex.engine.num_kv_blocks == 1000


@pytest.mark.parametrize(
    ("version", "eager", "profile", "asynchronous"),
    [
        ("0.15.1", None, "vllm-0.15", True),
        ("0.19.0", False, "vllm-0.19", True),
        ("0.10.2", None, "vllm-0.10", False),
        ("latest of May 2025 (about 0.8.5)", None, "vllm-0.8", False),
        ("0.13.0rc2", True, "vllm-0.13-eager", False),
        (None, None, "vllm-0.19", True),
    ],
)
def test_the_nearest_version_lends_its_profile(
    tmp_path: Path, version: str | None, eager: bool | None, profile: str, asynchronous: bool
) -> None:
    found = setup(tmp_path, read(tmp_path, record(engine={"version": version, "enforce_eager": eager})))
    assert found.deployment.engine.name == profile
    assert found.engine.async_scheduling is asynchronous


def test_a_recorded_scheduling_mode_wins(tmp_path: Path) -> None:
    content = record(engine={"version": "0.10.2", "async_scheduling": True})
    assert setup(tmp_path, read(tmp_path, content)).engine.async_scheduling


def test_tensorrt_llm_reserves_the_full_output(tmp_path: Path) -> None:
    engine = {"name": "tensorrt-llm", "version": "0.14", "num_kv_blocks": None}
    found = setup(tmp_path, read(tmp_path, record(engine=engine)))
    assert found.engine.policy == "guaranteed_no_evict"
    assert found.engine.max_num_seqs == 2048


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"engine": {"name": "mystery"}}, "engine 'mystery' has no profile"),
        ({"engine": {"name": "tensorrt-llm", "enforce_eager": True}}, "engine 'tensorrt-llm-eager' has no profile"),
        ({"hardware": "Abacus"}, "hardware: no such hardware"),
        ({"model": "tests/unknown"}, "model: no such model"),
        ({"parallel": {"pp": 2}}, "pp = 2 is not modelled"),
        ({"parallel": {"tp": 3}}, "tensor_parallel_size: must divide"),
        ({"disaggregation": {"mode": "prefill/decode"}}, "disaggregation is not modelled"),
        ({"workload": {"prompt_tokens": {}}}, "token counts are not given"),
        ({"workload": {"kind": "poisson", "qps": None}}, "without a rate"),
        ({"workload": {"prompt_tokens": {"fixed": 50_000}}}, "every request was refused"),
    ],
)
def test_what_cannot_be_modelled_has_a_reason(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        predicted(tmp_path, record(**change))


def test_what_ran_can_be_sent_between_processes(tmp_path: Path) -> None:
    """Two ranks, so that collectives have been asked for."""
    content = record(parallel={"tp": 2}, engine={"num_kv_blocks": None})
    prediction = predicted(tmp_path, content)
    again = pickle.loads(pickle.dumps(prediction))
    assert again.nominal.figures == prediction.nominal.figures
    assert again.deployment.layout == prediction.deployment.layout
