"""Readers of BurstGPT, Bailian, plain JSON, vLLM bench and ShareGPT files, and doubts about units."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.workload import prefix_reuse, read_trace
from simulator.workload.readers import load_trace

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str, name: str = "trace") -> Path:
        path = tmp_path / name
        path.write_text(content)
        return path

    return write_file


def json_lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


BURST = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"


def test_burstgpt_leaves_out_failures_and_says_so(write: Write) -> None:
    rows = "5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,10,0,10,API log\n118,GPT-4,417,276,693,API log\n"
    trace = load_trace(write(BURST + rows))
    assert trace.format == "burstgpt"
    assert trace.table.arrival_s.tolist() == [5.0, 118.0]
    assert trace.table.prompt_tokens.tolist() == [472, 417]
    assert trace.table.output_tokens.tolist() == [18, 276]
    assert trace.notes == ("1 failed requests (0 tokens) were left out",)


def test_burstgpt_release_2_has_sessions(write: Write) -> None:
    head = "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    rows = "1,9,0.5,GPT-4,4,5,9,x\n2,,0.5,GPT-4,4,5,9,x\n3,9,0.5,GPT-4,4,5,9,x\n"
    assert read_trace(write(head + rows)).session.tolist() == [0, -1, 0]


def test_burstgpt_of_failures_only_has_no_requests(write: Write) -> None:
    with pytest.raises(InputError, match="has no requests") as caught:
        read_trace(write(BURST + "5,ChatGPT,0,0,0,API log\n"))
    assert "failed" in str(caught.value)


def chat(chat: int, parent: int, at: float, tokens: int, ids: list[int]) -> dict[str, Any]:
    return {
        "chat_id": chat, "parent_chat_id": parent, "timestamp": at, "input_length": tokens, "output_length": 7,
        "type": "text", "turn": 1 if parent < 0 else 2, "hash_ids": ids,
    }  # fmt: skip


def test_bailian_sessions_and_blocks_of_16(write: Write) -> None:
    rows = (chat(3, -1, 0.0, 40, [1, 2, 3]), chat(5, 3, 1.5, 60, [1, 2, 4, 5]), chat(8, 5, 3.0, 33, [1, 9, 10]))
    trace = load_trace(write(json_lines(*rows)))
    assert trace.format == "bailian"
    assert trace.table.arrival_s.tolist() == [0.0, 1.5, 3.0]
    assert trace.table.session.tolist() == [3, 3, 3]
    assert prefix_reuse(trace.table, 16).matched_tokens.tolist() == [0, 32, 16]


def test_bailian_ids_may_leave_the_partial_block_out(write: Write) -> None:
    rows = (chat(3, -1, 0.0, 40, [1, 2]), chat(4, -1, 1.0, 40, [1, 2]))
    assert prefix_reuse(read_trace(write(json_lines(*rows))), 16).matched_tokens.tolist() == [0, 32]
    with pytest.raises(InputError, match="must name 3 blocks of 16"):
        read_trace(write(json_lines(chat(3, -1, 0.0, 40, [1]))))


def test_plain_json_holds_everything(write: Write) -> None:
    first = {"arrival_s": 1.0, "prompt_tokens": 30, "output_tokens": 4, "output_segment": 5, "segments": [[2, 30]]}
    second = {"arrival_s": 1.0, "prompt_tokens": 40, "output_tokens": 2, "after_row": 0, "think_s": 2.5, "tenant": 1}
    second["segments"] = [[2, 30], [5, 4], [6, 6]]
    third = {"arrival_s": 0.5, "prompt_tokens": 8, "output_tokens": 2, "priority": -3}
    table = read_trace(write(json_lines(first, second, third)))
    assert table.arrival_s.tolist() == [0.5, 1.0, 1.0]
    assert table.priority.tolist() == [-3, 0, 0]
    assert table.tenant.tolist() == [-1, -1, 1]
    assert table.after_row is not None
    assert table.think_s is not None
    assert table.after_row.tolist() == [-1, -1, 1]
    assert table.think_s.tolist() == [0.0, 0.0, 2.5]
    assert table.segments is not None
    assert table.segments.of(2) == [(2, 30), (5, 4), (6, 6)]
    assert table.segments.of(0)[0][0] not in {2, 5, 6}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"after_row": 0}, "must be a row above this one"),
        ({"segments": [[1, 4]]}, r"must add up to prompt_tokens \(5\)"),
        ({"segments": [[1, 5, 6]]}, "must be a list of"),
        ({"think_s": -1}, "must be a number of seconds"),
        ({"prompt_tokens": 2.5}, "must be a whole number of tokens"),
        ({"session": -2}, "must be a whole number >= -1"),
    ],
)
def test_plain_json_names_what_is_wrong(write: Write, change: dict[str, Any], message: str) -> None:
    row = {"arrival_s": 0, "prompt_tokens": 5, "output_tokens": 2} | change
    with pytest.raises(InputError, match=message) as caught:
        read_trace(write(json_lines(row)))
    assert caught.value.line == 1


@pytest.mark.parametrize("indent", [None, 2])
def test_vllm_bench_with_start_times(write: Write, indent: int | None) -> None:
    result = {"request_rate": "inf", "input_lens": [10, 20, 30], "output_lens": [5, 0, 7]}
    result["start_times"] = [1000.25, 1001.0, 1000.5]
    trace = load_trace(write(json.dumps(result, indent=indent)))
    assert trace.format == "vllm-bench"
    assert trace.table.arrival_s.tolist() == [0.0, 0.25]
    assert trace.table.prompt_tokens.tolist() == [10, 30]
    assert "1 failed requests" in trace.notes[0]


def test_vllm_bench_without_start_times_says_what_it_assumes(write: Write) -> None:
    trace = load_trace(write(json.dumps({"request_rate": 4.0, "input_lens": [1, 2], "output_lens": [3, 4]})))
    assert trace.table.arrival_s.tolist() == [0.0, 0.25]
    assert "arrivals are not in the file" in trace.notes[0]
    with pytest.raises(InputError, match="summary without the lengths") as caught:
        read_trace(write(json.dumps({"request_throughput": 3.0})))
    assert "--save-detailed" in str(caught.value)


@pytest.mark.parametrize("form", ["array", "lines"])
def test_sharegpt_turns_share_their_history(write: Write, form: str) -> None:
    talks = [
        {"id": "a", "conversations": [
            {"from": "human", "value": "x" * 40}, {"from": "gpt", "value": "y" * 20},
            {"from": "human", "value": "z" * 9}, {"from": "gpt", "value": "w" * 4}]},
        {"messages": [{"role": "system", "content": "s" * 16}, {"role": "user", "content": [{"text": "u" * 8}]},
                      {"role": "assistant", "content": "ok"}]},
    ]  # fmt: skip
    trace = load_trace(write(json.dumps(talks) if form == "array" else json_lines(*talks)))
    table = trace.table
    assert trace.format == "sharegpt"
    assert table.prompt_tokens.tolist() == [10, 10 + 5 + 3, 4 + 2]
    assert table.output_tokens.tolist() == [5, 1, 1]
    assert table.session.tolist() == [0, 0, 1]
    assert table.after_row is not None
    assert table.after_row.tolist() == [-1, 0, -1]
    # The second turn finds the first prompt and its answer but for the token that was never computed.
    assert prefix_reuse(table, 1).matched_tokens.tolist() == [0, 14, 0]
    assert any("estimates" in note for note in trace.notes)


def test_a_huge_document_on_one_line_is_recognised(write: Write) -> None:
    talk = [{"from": "human", "value": "x" * 400_000}, {"from": "gpt", "value": "y" * 4}]
    assert read_trace(write(json.dumps([{"conversations": talk}]))).prompt_tokens.tolist() == [100_000]


def csv_of(times: list[float]) -> str:
    return "arrival_s,prompt_tokens,output_tokens\n" + "".join(f"{time:g},5,5\n" for time in times)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([100.0 * k for k in range(30)], "if they are milliseconds, set rate_scale: 1000"),
        ([3000.0 * (k // 10) for k in range(40)], "if they are milliseconds"),
        ([1.7e9 + k for k in range(30)], "Unix time"),
        ([k * 1e-5 for k in range(30)], "larger unit"),
    ],
)
def test_times_of_another_unit_are_doubted(write: Write, times: list[float], words: str) -> None:
    rows = "".join(f"{time!r},5,5\n" for time in times)
    trace = load_trace(write("arrival_s,prompt_tokens,output_tokens\n" + rows))
    assert any(words in note for note in trace.notes)


@pytest.mark.parametrize("times", [[float(k) for k in range(30)], [0.37 * k for k in range(30)], [0.0] * 30])
def test_ordinary_times_are_not_doubted(write: Write, times: list[float]) -> None:
    assert load_trace(write(csv_of(times))).notes == ()


def test_client_statistics_are_no_trace(write: Write) -> None:
    with pytest.raises(InputError, match="statistics of clients") as caught:
        read_trace(write(json_lines({"client": 0, "trace_csv": "", "dataset": {}})))
    assert "workload.servegen" in str(caught.value)
