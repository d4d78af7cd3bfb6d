"""Requests that are drawn: lengths along recorded quantiles, arrivals that are not Poisson, data-parallel engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.validation.assemble import Setup, assemble
from simulator.validation.case import Case, LengthFacts
from simulator.validation.lengths import length_distribution
from simulator.validation.models_table import read_models
from simulator.validation.read import read_cases
from simulator.validation.requests import case_requests
from simulator.validation.unsupported import Unsupported
from tests.validation.case_files import MODEL_ROW, record, write_cases


def read(folder: Path, content: dict[str, Any], **model: str) -> Case:
    [case] = read_cases(write_cases(folder, content, models=({**MODEL_ROW, **model},)))
    return case


def setup(folder: Path, content: dict[str, Any], **model: str) -> Setup:
    case = read(folder, content, **model)
    return assemble(case, case_requests(case).workload, read_models(folder / "models.csv"))


def test_lengths_follow_the_recorded_quantiles_and_mean(tmp_path: Path) -> None:
    prompts = {"mean": 550.0, "p50": 400.0, "p90": 1000.0, "max": 2000.0}
    workload = {"prompt_tokens": prompts, "num_requests": 20_000, "concurrency": 50}
    tokens = case_requests(read(tmp_path, record(workload=workload))).workload.table.prompt_tokens
    assert np.mean(tokens) == pytest.approx(550, rel=0.02)
    assert np.quantile(tokens, [0.5, 0.9]) == pytest.approx([400, 1000], rel=0.02)
    assert tokens.max() <= 2000


def test_a_mean_the_quantiles_forbid_gives_way_to_them() -> None:
    lengths = length_distribution(LengthFacts(None, None, 10.0, ((0.5, 400.0), (0.9, 1000.0))))
    assert lengths.draw(np.array([0.0, 0.5, 0.9])).tolist() == [1, 400, 1000]


def test_only_a_median_stands_for_all() -> None:
    assert length_distribution(LengthFacts(None, None, None, ((0.5, 64.0),))).draw(np.zeros(2)).tolist() == [64, 64]


def test_arrivals_may_be_evenly_spaced(tmp_path: Path) -> None:
    workload = {"kind": "poisson", "qps": 4.0, "num_requests": 40, "arrival": "constant"}
    arrivals = case_requests(read(tmp_path, record(workload=workload))).workload.table.arrival_s
    assert np.diff(arrivals) == pytest.approx(np.full(39, 0.25))


def test_other_arrivals_are_named(tmp_path: Path) -> None:
    workload = {"kind": "poisson", "qps": 4.0, "num_requests": 40, "arrival": "gamma"}
    with pytest.raises(Unsupported, match="arrivals of kind 'gamma'"):
        case_requests(read(tmp_path, record(workload=workload)))


def test_data_parallel_engines_of_a_dense_model_share_the_requests(tmp_path: Path) -> None:
    assert setup(tmp_path, record(replicas=2, parallel={"dp": 4})).replicas == 8


def test_data_parallel_ranks_of_a_mixture_are_not_engines_of_their_own(tmp_path: Path) -> None:
    experts = {"num_experts": "8", "experts_per_token": "2", "moe_intermediate_size": "1024"}
    with pytest.raises(Unsupported, match="dp = 4 of a mixture of experts"):
        setup(tmp_path, record(parallel={"dp": 4}), **experts)
