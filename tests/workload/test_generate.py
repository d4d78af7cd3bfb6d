"""Specs become workloads: same seed same bytes, independent streams, sending rules, prefixes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload import (
    ProfileSpec,
    RequestTable,
    SyntheticSpec,
    TraceSpec,
    WorkloadSpec,
    describe,
    draw,
    generate,
    load_profile,
)
from simulator.workload.arrivals import (
    ClosedLoopArrivals,
    ConstantArrivals,
    FixedBatchArrivals,
    GammaArrivals,
    OfflineArrivals,
    PoissonArrivals,
)
from simulator.workload.lengths import ExponentialLength, FixedLength, UniformLength
from simulator.workload.prefixes import CycledPrompts, SharedSystemPrompt

MIX = SyntheticSpec(2000, PoissonArrivals(5.0), UniformLength(10, 500), ExponentialLength(100))


def made(spec: SyntheticSpec, seed: int = 0) -> RequestTable:
    return generate(WorkloadSpec(synthetic=spec), seed).table


def same(a: RequestTable, b: RequestTable, *columns: str) -> bool:
    return all(np.array_equal(getattr(a, column), getattr(b, column)) for column in columns)


LENGTHS = ("prompt_tokens", "output_tokens")


def test_same_seed_same_requests_other_seed_others() -> None:
    assert same(made(MIX), made(MIX), "arrival_s", *LENGTHS)
    for column in ("arrival_s", *LENGTHS):
        assert not same(made(MIX), made(MIX, seed=1), column)


def test_arrivals_and_lengths_have_streams_of_their_own() -> None:
    for other in (PoissonArrivals(50.0), GammaArrivals(5.0, 0.3), OfflineArrivals(), ClosedLoopArrivals(4)):
        assert same(made(MIX), made(replace(MIX, arrival=other)), *LENGTHS)
    longer = replace(MIX, output_tokens=FixedLength(9))
    assert same(made(MIX), made(longer), "arrival_s", "prompt_tokens")
    table = made(replace(MIX, num_requests=50_000))
    columns = (np.diff(table.arrival_s), table.prompt_tokens[1:], table.output_tokens[1:])
    # Independent columns correlate within about four standard errors, 4 / sqrt(50,000).
    assert np.abs(np.corrcoef(columns) - np.eye(3)).max() < 0.018


def test_streams_are_independent_from_the_first_draw_on() -> None:
    tables = [made(replace(MIX, num_requests=2), seed) for seed in range(400)]
    second = np.array([(table.arrival_s[1], table.prompt_tokens[1], table.output_tokens[1]) for table in tables])
    assert np.abs(np.corrcoef(second.T) - np.eye(3)).max() < 0.2  # four standard errors, 4 / sqrt(400)


def test_a_longer_run_begins_with_the_shorter_one() -> None:
    tied = replace(MIX, spearman=0.4)
    head = made(replace(tied, num_requests=5000)).take(np.arange(2000))
    assert same(made(tied), head, "arrival_s", *LENGTHS)


def test_spearman_reaches_the_lengths() -> None:
    table = made(replace(MIX, num_requests=50_000, spearman=-0.4))
    assert describe(table)["spearman"] == pytest.approx(-0.4, abs=0.015)


def test_sending_rules() -> None:
    open_loop = generate(WorkloadSpec(synthetic=MIX), 0)
    assert (open_loop.max_concurrency, open_loop.offered_rate_per_s) == (None, 5.0)
    assert "2,000 synthetic requests" in open_loop.description
    closed = generate(WorkloadSpec(synthetic=replace(MIX, arrival=ClosedLoopArrivals(8, 0.5))), 0)
    assert (closed.max_concurrency, closed.think_time_s, closed.offered_rate_per_s) == (8, 0.5, None)
    batch = replace(MIX, num_requests=16, arrival=FixedBatchArrivals(16))
    assert generate(WorkloadSpec(synthetic=batch), 0).offered_rate_per_s is None
    with pytest.raises(InputError, match="batch_size"):
        made(replace(batch, num_requests=17))


def test_shared_system_prompt_stands_in_front() -> None:
    table = made(replace(MIX, prefix=SharedSystemPrompt(100)))
    assert np.array_equal(table.prompt_tokens, made(MIX).prompt_tokens + 100)
    assert table.segments is not None
    heads = {table.segments.of(row)[0] for row in range(len(table))}
    tails = {table.segments.of(row)[1][0] for row in range(len(table))}
    assert heads == {(0, 100)}
    assert len(tails) == len(table)
    assert 0 not in tails


@pytest.mark.parametrize("shared_tokens", [0, 30])
def test_cycled_prompts_repeat_to_the_token(shared_tokens: int) -> None:
    table = made(replace(MIX, num_requests=25, prefix=CycledPrompts(10, shared_tokens)))
    assert table.segments is not None
    prompts = [table.segments.of(row) for row in range(25)]
    assert prompts[:10] == prompts[10:20]
    assert prompts[:5] == prompts[20:]
    assert len({prompt[-1][0] for prompt in prompts}) == 10
    assert all(len(prompt) == (2 if shared_tokens else 1) for prompt in prompts)
    assert table.prompt_tokens[:10].tolist() == (made(MIX).prompt_tokens[:10] + shared_tokens).tolist()


def test_trace_spec_replays_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("arrival_s,prompt_tokens,output_tokens\n4,10,20\n0,30,40\n2,5,5\n")
    workload = generate(WorkloadSpec(trace=TraceSpec(path, rate_scale=2.0)), 0)
    assert workload.table.arrival_s.tolist() == [0, 1, 2]
    assert workload.offered_rate_per_s == 1.0
    assert workload.max_concurrency is None
    for words in ("mine.csv", "csv format", "2x", "1 rows were out of order"):
        assert words in workload.description


def test_profile_spec_draws_a_profile() -> None:
    spec = ProfileSpec("azure-conv-2023", num_requests=500, rate_multiplier=4.0)
    workload = generate(WorkloadSpec(profile=spec), 3)
    direct = draw(load_profile("azure-conv-2023"), 500, 4.0, seed=3)
    assert same(workload.table, direct.table, "arrival_s", *LENGTHS)
    assert workload.offered_rate_per_s == pytest.approx(4 * 5.5304)
    assert "azure-conv-2023 at 4x" in workload.description
    slow = generate(WorkloadSpec(profile=replace(spec, rate_multiplier=1.0)), 3)
    assert same(workload.table, slow.table, *LENGTHS)
    np.testing.assert_allclose(slow.table.arrival_s, 4 * workload.table.arrival_s, rtol=1e-12)


def test_profile_with_other_arrivals_keeps_its_lengths() -> None:
    spec = ProfileSpec("azure-conv-2023", num_requests=100)
    closed = generate(WorkloadSpec(profile=replace(spec, arrival=ClosedLoopArrivals(4))), 0)
    assert closed.max_concurrency == 4
    assert same(closed.table, generate(WorkloadSpec(profile=spec), 0).table, *LENGTHS)
    constant = replace(spec, arrival=ConstantArrivals(2.0), rate_multiplier=3.0)
    assert generate(WorkloadSpec(profile=constant), 0).offered_rate_per_s == 6.0
    with pytest.raises(InputError, match="rate_multiplier"):
        generate(WorkloadSpec(profile=replace(spec, arrival=OfflineArrivals(), rate_multiplier=2.0)), 0)


@pytest.mark.parametrize(
    ("build", "path"),
    [
        (lambda: WorkloadSpec(), "workload"),
        (lambda: WorkloadSpec(synthetic=MIX, profile=ProfileSpec("x")), "workload"),
        (lambda: replace(MIX, num_requests=0), "num_requests"),
        (lambda: replace(MIX, spearman=1.5), "spearman"),
        (lambda: ProfileSpec("x", rate_multiplier=0.0), "rate_multiplier"),
        (lambda: ProfileSpec("x", num_requests=0), "num_requests"),
        (lambda: TraceSpec(Path("x"), rate_scale=-1.0), "rate_scale"),
        (lambda: TraceSpec(Path("x"), limit=0), "limit"),
        (lambda: TraceSpec(Path("x"), spread_batch_s=-1.0), "spread_batch_s"),
        (lambda: SharedSystemPrompt(0), "shared_tokens"),
        (lambda: CycledPrompts(0), "num_prompts"),
    ],
)
def test_impossible_specs_are_refused(build, path: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as caught:
        build()
    assert caught.value.path == path
