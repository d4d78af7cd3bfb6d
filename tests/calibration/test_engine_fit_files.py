"""What a fit of host terms leaves on disk, and how validation reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.engine_fit.engine_fit import EngineFit
from calibration.engine_fit.files import held_out_text, profile_text, write_fit
from calibration.engine_fit.parameters import PARAMETERS, largest, vector_of, with_vector
from simulator.cost.engine_profile import engine_files, load_engine, read_engine
from simulator.errors import InputError
from simulator.validation.held_out import HeldOutConstants, held_out_constants, read_held_out
from tests.cli.invoke import inferplan
from tests.validation.case_files import record, write_cases

[PROFILE] = [path for path in engine_files() if path.stem == "vllm-0.15"]
KEYS = {parameter.key for parameter in PARAMETERS}


def fitted(shift: float = 0.25) -> EngineFit:
    """A fit some prior standard deviations off the priors; folds on both sides of it."""
    prior = np.array([parameter.prior for parameter in PARAMETERS], dtype=float)
    sigma = np.array([parameter.sigma for parameter in PARAMETERS])
    values = np.minimum(prior + shift * sigma, largest())
    folds = {"a/one": values - 0.1 * sigma, "b/two": np.minimum(values + 0.2 * sigma, largest())}
    return EngineFit(values, folds, [], np.zeros(0), None)


def test_values_and_ranges_change_and_comments_stay(tmp_path: Path) -> None:
    old = PROFILE.read_text()
    path = tmp_path / "vllm-0.15.yaml"
    path.write_text(profile_text(old, fitted(), PROFILE))
    engine = read_engine(path)
    assert vector_of(engine) == pytest.approx(fitted().values, rel=1e-3)
    low, high = engine.bound("gemm_multiplier")
    assert (low, high) == pytest.approx((1.0 + 0.15 * 0.03, 1.0 + 0.45 * 0.03), rel=1e-3)
    before, after = old.splitlines(), path.read_text().splitlines()
    changed = {new.split(":")[0] for was, new in zip(before, after, strict=True) if was != new}
    assert changed <= KEYS
    assert [line for line in before if line.startswith("#")] == [line for line in after if line.startswith("#")]


def test_folds_are_read_back_for_the_groups_they_were_fitted_to(tmp_path: Path) -> None:
    path = tmp_path / "vllm-0.15.yaml"
    path.write_text(held_out_text("vllm-0.15", ["g", "h"], fitted()))
    found = read_held_out(path)
    assert found.groups == ("g", "h")
    assert found.of("other", "a/one") == {}
    assert found.of("g", "c/unknown") == {}
    expected = with_vector(load_engine("vllm-0.15"), fitted().folds["a/one"])
    for field, value in found.of("g", "a/one").items():
        assert value == pytest.approx(getattr(expected, field), rel=1e-3)
    assert len(found.of("g", "a/one")) == len(PARAMETERS)


def test_an_engine_without_folds_has_none() -> None:
    assert held_out_constants("no-such-engine") == HeldOutConstants((), {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("api_delivery_ms", "api_delivrey_ms"), r"held_out\.a/one\.api_delivrey_ms: is not an engine term"),
        (("api_delivery_ms: 7.6", "api_delivery_ms: -1"), r"api_delivery_ms: must be a number >= 0"),
        (("groups:", "gruops:"), r"gruops: is not a known key"),
    ],
)
def test_a_broken_fold_file_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    text = held_out_text("vllm-0.15", ["g"], fitted())
    path = tmp_path / "folds.yaml"
    path.write_text(
        text.replace(*change) if change[0] in text else text.replace("api_delivery_ms: ", "api_delivery_ms: -", 1)
    )
    with pytest.raises(InputError, match=message):
        read_held_out(path)


def test_a_term_on_several_lines_is_refused(tmp_path: Path) -> None:
    text = PROFILE.read_text().replace("gemm_multiplier: {value", "gemm_multiplier:\n  {value")
    with pytest.raises(InputError, match=r"gemm_multiplier: must stand on one line"):
        profile_text(text, fitted(), tmp_path / "p.yaml")


def test_files_are_made_with_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    write_fit(path, {path: "a", tmp_path / "held_out" / "p.yaml": "b"})
    assert (tmp_path / "held_out" / "p.yaml").read_text() == "b"


def command_record(model: str, **changes: Any) -> dict[str, Any]:
    measured = {"ttft_ms": {"mean": 12.0}, "tpot_ms": {"mean": 1.2}, "e2e_ms": {"mean": 24.0}}
    return record(id=f"{model}-{len(changes)}", model=model, measured=measured, **changes)


def test_the_command_fits_prints_and_writes(tmp_path: Path) -> None:
    from tests.calibration.test_engine_fit import DEEP, MODELS, SMALL

    cases = write_cases(tmp_path, command_record(SMALL), command_record(DEEP), models=MODELS)
    out = tmp_path / "vllm-0.15.yaml"
    arguments = ("calibrate", "engine", cases, "--engine", "vllm-0.15", "--groups", "tiny", "--steps", 1)
    outcome = inferplan(*arguments, "--leave-one-model-out", "--out", out)
    assert outcome.status == 0
    assert "api_delivery_ms" in outcome.out
    assert f"wrote {out}" in outcome.out
    assert set(read_held_out(tmp_path / "held_out" / "vllm-0.15.yaml").folds) == {SMALL, DEEP}
    assert read_engine(out).name == "vllm-0.15"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "vllm-0.15", "--groups", "tinny"), "--groups: must be of tiny (found 'tinny')"),
        (("--engine", "vllm-0.8", "--groups", "tiny"), "no case of quality A or B in tiny runs on vllm-0.8"),
        (("--engine", "vlm", "--groups", "tiny"), "no such engine profile"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    outcome = inferplan("calibrate", "engine", write_cases(tmp_path, record()), *arguments)
    assert outcome.status == 2
    assert message in outcome.err
