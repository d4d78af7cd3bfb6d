"""Drawn sessions: what prompts are made of, agents, reasoning, samples, early stops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload import EarlyStop, Pause, SessionSpec, SyntheticSpec, ToolCalls, WorkloadSpec, generate
from simulator.workload.arrivals import OfflineArrivals, PoissonArrivals
from simulator.workload.describe import describe
from simulator.workload.lengths import FixedLength, UniformLength
from simulator.workload.prefix_reuse import matched_tokens
from simulator.workload.table import RequestTable

CHAT = SessionSpec(
    num_sessions=50,
    arrival=PoissonArrivals(0.5),
    turns=FixedLength(3),
    user_tokens=FixedLength(20),
    output_tokens=FixedLength(10),
    think=Pause(5.0),
    system_prompt_tokens=100,
)


def table_of(spec: SessionSpec, seed: int = 0) -> RequestTable:
    return generate(WorkloadSpec(sessions=spec), seed).table


def rows_of(table: RequestTable, session: int) -> list[int]:
    rows: list[int] = np.flatnonzero(table.session == session).tolist()
    return rows


def test_a_prompt_is_the_one_before_it_the_answer_and_something_new() -> None:
    table = table_of(CHAT)
    assert table.segments is not None
    assert table.output_segment is not None
    assert table.after_row is not None
    for session in range(50):
        first, second, third = rows_of(table, session)
        assert table.prompt_tokens[[first, second, third]].tolist() == [120, 150, 180]
        assert table.after_row[[first, second, third]].tolist() == [-1, first, second]
        before, after = table.segments.of(second), table.segments.of(third)
        assert after[:-1] == [*before, (table.output_segment[second], 10)]
        assert table.arrival_s[third] == table.arrival_s[first] + 5.0 + 5.0


def test_reuse_is_everything_but_the_news() -> None:
    table = table_of(CHAT)
    matched = matched_tokens(table)
    later = np.concatenate([rows_of(table, session)[1:] for session in range(50)])
    assert np.array_equal(matched[later], table.prompt_tokens[later] - 20 - 1)  # the last answer token is not computed


def test_an_agent_calls_tools_within_a_turn() -> None:
    agent = replace(CHAT, tools=ToolCalls(FixedLength(2), FixedLength(300), Pause(1.5)))
    table = table_of(agent)
    rows = rows_of(table, 0)
    assert table.think_s is not None
    assert table.think_s[rows].tolist() == [0, 1.5, 1.5, 5, 1.5, 1.5, 5, 1.5, 1.5]
    assert np.diff(table.prompt_tokens[rows]).tolist() == [310, 310, 30, 310, 310, 30, 310, 310]


def test_reasoning_is_generated_but_not_sent_back() -> None:
    table = table_of(replace(CHAT, reasoning_tokens=FixedLength(500)))
    rows = rows_of(table, 0)
    assert table.output_tokens[rows].tolist() == [510] * 3
    assert table.prompt_tokens[rows].tolist() == [120, 150, 180]
    assert matched_tokens(table)[rows[1:]].tolist() == [120, 150]  # prompts are found, answers are not


def test_a_session_ends_before_its_context_is_full() -> None:
    table = table_of(replace(CHAT, turns=FixedLength(50), max_context_tokens=200))
    assert np.max(table.prompt_tokens + table.output_tokens) <= 200
    assert len(rows_of(table, 0)) == 3


def test_pauses_have_the_mean_and_spread_they_are_given() -> None:
    drawn = Pause(8.0, 0.5).draw(200_000, np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(8.0, rel=0.01)
    assert drawn.std() / drawn.mean() == pytest.approx(0.5, rel=0.02)


def test_the_same_seed_gives_the_same_sessions_and_another_rate_the_same_lengths() -> None:
    varied = replace(CHAT, user_tokens=UniformLength(5, 500), turns=UniformLength(1, 6))
    first, again = table_of(varied, 4), table_of(varied, 4)
    assert np.array_equal(first.arrival_s, again.arrival_s)
    at_once = table_of(replace(varied, arrival=OfflineArrivals()), 4)
    assert sorted(at_once.prompt_tokens.tolist()) == sorted(first.prompt_tokens.tolist())


MIX = SyntheticSpec(400, PoissonArrivals(5.0), UniformLength(50, 500), UniformLength(1, 300), spearman=0.6)


def test_samples_share_their_prompt_and_differ_in_length() -> None:
    one = generate(WorkloadSpec(synthetic=MIX), 0).table
    workload = generate(WorkloadSpec(synthetic=replace(MIX, samples_per_request=4)), 0)
    table = workload.table
    assert workload.offered_rate_per_s == 20.0
    assert len(table) == 1600
    assert np.array_equal(table.prompt_tokens[::4], one.prompt_tokens)
    assert np.array_equal(table.arrival_s[3::4], one.arrival_s)
    assert np.array_equal(matched_tokens(table).reshape(-1, 4)[:, 1:], np.repeat(one.prompt_tokens, 3).reshape(-1, 3))
    assert not np.array_equal(table.output_tokens[::4], table.output_tokens[1::4])
    assert describe(table)["spearman"] == pytest.approx(0.6, abs=0.05)


def test_early_stops_only_shorten() -> None:
    whole = generate(WorkloadSpec(synthetic=MIX), 0).table
    stopped = generate(WorkloadSpec(synthetic=replace(MIX, early_stop=EarlyStop(0.5, FixedLength(20)))), 0).table
    assert np.array_equal(stopped.prompt_tokens, whole.prompt_tokens)
    cut = stopped.output_tokens < whole.output_tokens
    assert np.all(stopped.output_tokens[cut] == 20)
    assert np.array_equal(stopped.output_tokens[~cut], whole.output_tokens[~cut])
    assert 140 < np.count_nonzero(cut) < 240  # half of the 94 % that are longer than 20


def test_a_request_may_only_wait_for_an_earlier_one() -> None:
    with pytest.raises(InputError, match="must be -1 or a row that arrives earlier"):
        RequestTable.from_columns([0.0, 1.0], [1, 1], [1, 1], after_row=[1, -1])
    with pytest.raises(InputError, match=r"think_s\[1\]: must be a number >= 0"):
        RequestTable.from_columns([0.0, 1.0], [1, 1], [1, 1], after_row=[-1, 0], think_s=[0.0, -1.0])


def test_taking_rows_renumbers_whom_they_wait_for() -> None:
    table = RequestTable.from_columns([0, 1, 2, 3], [1] * 4, [1] * 4, after_row=[-1, 0, 1, 1])
    taken = table.take(np.array([1, 3]))
    assert taken.after_row is not None
    assert taken.after_row.tolist() == [-1, 0]
