"""One suite that every bundled profile passes, and what a broken profile file is told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.workload import describe, draw, list_profiles, load_profile
from simulator.workload.arrivals import BurstIdleArrivals, GammaArrivals
from simulator.workload.lengths import FixedLength, QuantileLength


def test_the_profiles_there_are() -> None:
    expected = {"azure-code-2023", "azure-conv-2023", "mooncake-conversation"}
    assert expected | {"chat-short", "fixed-1k-128", "summarize-long"} <= set(list_profiles())


@pytest.mark.parametrize("name", list_profiles())
def test_every_profile_draws_what_it_states(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert profile.description
    assert profile.source
    workload = draw(profile, 200_000, seed=1)
    figures = describe(workload.table)
    assert figures["num_requests"] == 200_000
    assert workload.offered_rate_per_s is not None
    arrival = profile.spec.arrival
    heavy = isinstance(arrival, BurstIdleArrivals)  # gaps of cv 13: the mean of 200,000 is known to 3 %
    assert figures["rate_per_s"] == pytest.approx(workload.offered_rate_per_s, rel=0.1 if heavy else 0.01)
    if isinstance(arrival, GammaArrivals):
        assert figures["gap_cv"] == pytest.approx(arrival.burstiness**-0.5, rel=0.02)
    if profile.spec.spearman:
        assert figures["spearman"] == pytest.approx(profile.spec.spearman, abs=0.01)


@pytest.mark.parametrize("name", [name for name in list_profiles() if load_profile(name).fit])
def test_fitted_profiles_reach_the_means_of_their_trace_and_credit_it(name: str) -> None:
    profile = load_profile(name)
    assert profile.licence
    assert "No request of the trace is kept" in profile.changes
    table = draw(profile, 400_000, seed=2).table
    for side, tokens in (("prompt", table.prompt_tokens), ("output", table.output_tokens)):
        # Four standard errors of the mean, and the rounding to whole tokens.
        error = 4 * tokens.std() / len(tokens) ** 0.5 + 0.05
        assert tokens.mean() == pytest.approx(profile.fit[f"{side}_mean_tokens"], abs=error)
        assert profile.fit[f"{side}_ks_distance"] < 0.006


def test_azure_conversation_is_the_published_one() -> None:
    profile = load_profile("azure-conv-2023")
    assert profile.spec.num_requests == 19_366
    assert profile.spec.arrival == GammaArrivals(5.5304, 0.8353)
    assert profile.fit["prompt_mean_tokens"] == pytest.approx(1154.7, abs=0.05)
    assert profile.fit["output_mean_tokens"] == pytest.approx(211.1, abs=0.05)
    assert isinstance(profile.spec.prompt_tokens, QuantileLength)


def test_a_million_requests_are_drawn_in_seconds() -> None:
    profile = load_profile("azure-conv-2023")
    start = time.perf_counter()
    draw(profile, 1_000_000, 256.0)
    assert time.perf_counter() - start < 2


GOOD = """\
description: mine
source: made up
num_requests: 10
arrival:
  kind: gamma
  rate_per_s: 2
prompt_tokens: {kind: quantiles, levels: [0, 0.5, 1], values: [1, 2, 9]}
output_tokens:
  kind: fixed
  tokens: 5
"""


def test_own_profile_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    spec = load_profile(path).spec
    assert spec.arrival == GammaArrivals(2, 1.0)
    assert spec.prompt_tokens == QuantileLength((0, 0.5, 1), (1, 2, 9))
    assert spec.output_tokens == FixedLength(5)
    assert spec.prefix.kind == "unique"


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "says"),
    [
        ("kind: gamma", "kind: gama", 5, "arrival.kind", "did you mean 'gamma'"),
        ("rate_per_s: 2", "rate_per_s: -2", 6, "arrival.rate_per_s", "-2"),
        ("rate_per_s: 2", "rate_per_s: 0", 6, "arrival.rate_per_s", "> 0"),
        ("rate_per_s: 2", "rate: 2", None, "arrival.rate_per_s", "missing"),
        ("rate_per_s: 2", "rate_per_s: 2\n  burstines: 3", 7, "arrival.burstines", "did you mean 'burstiness'"),
        ("tokens: 5", "tokens: 5.5", 10, "output_tokens.tokens", "whole number"),
        ("[0, 0.5, 1]", "[0, 0.5, 0.9]", 7, "prompt_tokens.levels", "from 0 to 1"),
        ("[0, 0.5, 1]", "[0, half, 1]", 7, "prompt_tokens.levels", "list of numbers"),
        ("[1, 2, 9]", "[1, 9]", 7, "prompt_tokens.values", "one value per level"),
        ("num_requests: 10", "num_requests: 0", 3, "num_requests", ">= 1"),
        ("num_requests: 10", "num_requests: 10\nspearman: 2", 4, "spearman", "-1..1"),
        ("num_requests: 10", "num_requests: 10\nspearmann: 0", 4, "spearmann", "did you mean 'spearman'"),
        ("num_requests: 10", "num_requests: 10\nprefix: {kind: cycle}", 4, "prefix.num_prompts", "missing"),
    ],
)
def test_mistakes_in_a_profile_are_named(
    tmp_path: Path, old: str, new: str, line: int | None, path: str, says: str
) -> None:
    assert old in GOOD
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(InputError) as caught:
        load_profile(file)
    assert caught.value.file == str(file)
    assert caught.value.path == path
    assert says in str(caught.value)
    if line is not None:
        assert caught.value.line == line


def test_misspelt_profile_name() -> None:
    with pytest.raises(InputError, match="did you mean 'azure-conv-2023'"):
        load_profile("azure-conv-2024")
