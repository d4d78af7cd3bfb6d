"""Trace readers: what they read, how formats are told apart, and what they say about bad files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload import read_trace
from simulator.workload.readers import load_trace

Write = Callable[..., Path]
"""Writes content to a file of a name and returns its path."""

AZURE = (
    b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
    b"2023-11-16 18:17:03.9799600,4808,10\r\n"
    b"2023-11-16 18:17:04.0319601,3180,8\r\n"
    b"2023-11-16 18:18:03.9799600,110,27"
)
MOONCAKE = (
    '{"timestamp": 0, "input_length": 1100, "output_length": 5, "hash_ids": [0, 1, 2]}\n'
    '{"timestamp": 1500, "input_length": 1024, "output_length": 6, "hash_ids": [0, 1]}\n'
    '{"timestamp": 3000, "input_length": 1100, "output_length": 7, "hash_ids": [0, 1, 2]}\n'
    '{"timestamp": 3000, "input_length": 600, "output_length": 7, "hash_ids": [7, 8]}\n'
)
PLAIN = "arrival_s,prompt_tokens,output_tokens\n0.5,10,20\n1.25,30,40\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | bytes, name: str = "trace") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def test_azure_wall_clock_is_exact_to_100_ns(write: Write) -> None:
    table = read_trace(write(AZURE))
    assert table.arrival_s.tolist() == [0.0, 0.0520001, 60.0]
    assert table.prompt_tokens.tolist() == [4808, 3180, 110]
    assert table.output_tokens.tolist() == [10, 8, 27]
    assert table.segments is None


def test_azure_2024_zones_are_understood(write: Write) -> None:
    rows = "2024-05-10 00:00:00.5+00:00,1,1\n2024-05-10 00:00:01+00:00,1,1\n2024-05-10T02:00:02Z,1,1\n"
    table = read_trace(write("TIMESTAMP,ContextTokens,GeneratedTokens\n" + rows + "2024-05-10 04:00:03+02:00,1,1\n"))
    assert table.arrival_s.tolist() == [0.0, 0.5, 7201.5, 7202.5]


def test_mooncake_blocks_become_shared_runs(write: Write) -> None:
    table = read_trace(write(MOONCAKE))
    assert table.arrival_s.tolist() == [0.0, 1.5, 3.0, 3.0]
    assert table.segments is not None
    first, second, third, other = (table.segments.of(row) for row in range(4))
    assert first == third
    assert [tokens for _, tokens in first] == [1024, 76]  # blocks 0 and 1 always come together
    assert second == first[:1]
    assert [tokens for _, tokens in other] == [600]
    assert other[0][0] not in {segment for segment, _ in first}


def test_plain_csv_reads_every_optional_column(write: Write) -> None:
    table = read_trace(
        write(
            "prompt_tokens,Arrival_s,output_tokens,priority,adapter,session,tenant,prefix_id,prefix_tokens,note\n"
            "100,0,5,-1,sql,alice,t1,sys,40,hello\n"
            '120,1,5,0,,bob,t1,sys,40,"a, b"\n'
            "90,2,5,3,chat,alice,,,0,\n"
        )
    )
    assert table.priority.tolist() == [-1, 0, 3]
    assert table.adapter.tolist() == [1, 0, 2]
    assert table.session.tolist() == [0, 1, 0]
    assert table.tenant.tolist() == [0, 0, -1]
    assert table.segments is not None
    prompts = [table.segments.of(row) for row in range(3)]
    assert [[tokens for _, tokens in prompt] for prompt in prompts] == [[40, 60], [40, 80], [90]]
    assert prompts[0][0] == prompts[1][0]
    assert len({prompts[0][1][0], prompts[1][1][0], prompts[2][0][0], prompts[0][0][0]}) == 4


def test_whole_number_ids_are_kept(write: Write) -> None:
    header = "arrival_s,prompt_tokens,output_tokens,adapter,session,tenant\n"
    table = read_trace(write(header + "0,5,1,3,700,\n1,5,1,0,,9\n2,5,1,base,12,9\n"))
    assert table.adapter.tolist() == [3, 0, 0]
    assert table.session.tolist() == [700, -1, 12]
    assert table.tenant.tolist() == [-1, 9, 9]


def test_equal_prompt_ids_are_identical_prompts(write: Write) -> None:
    header = "arrival_s,prompt_tokens,output_tokens,prompt_id\n"
    table = read_trace(write(header + "0,50,1,a\n1,60,1,b\n2,50,1,a\n3,50,1,\n"))
    assert table.segments is not None
    a, b, again, unique = (table.segments.of(row) for row in range(4))
    assert a == again
    assert len({a[0][0], b[0][0], unique[0][0]}) == 3


@pytest.mark.parametrize(
    ("content", "name"), [(AZURE, "azure"), (MOONCAKE.encode(), "mooncake"), (PLAIN.encode(), "csv")]
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "utf8-mark"])
def test_formats_are_told_apart_by_content_packed_or_not(write: Write, content: bytes, name: str, mark: bytes) -> None:
    plain = load_trace(write(mark + content, "no-telling-name"))
    packed = load_trace(write(gzip.compress(mark + content, mtime=0), "packed"))
    named = load_trace(write(mark + content, "named"), name)
    for trace in (plain, packed, named):
        assert trace.format == name
        assert trace.table.prompt_tokens.tolist() == plain.table.prompt_tokens.tolist()
        assert trace.table.arrival_s.tolist() == plain.table.arrival_s.tolist()


def test_rows_out_of_order_are_sorted_stably_and_counted(write: Write) -> None:
    trace = load_trace(write("arrival_s,prompt_tokens,output_tokens\n5,1,1\n2,2,1\n5,3,1\n2,4,1\n"))
    assert trace.table.arrival_s.tolist() == [2, 2, 5, 5]
    assert trace.table.prompt_tokens.tolist() == [2, 4, 1, 3]
    assert trace.rows_out_of_order == 2
    assert load_trace(write(PLAIN)).rows_out_of_order == 0


def test_azure_arrivals_count_from_the_earliest_row(write: Write) -> None:
    rows = "2023-11-16 00:00:09,1,1\n2023-11-16 00:00:02,2,1\n"
    table = read_trace(write("TIMESTAMP,ContextTokens,GeneratedTokens\n" + rows))
    assert table.arrival_s.tolist() == [0, 7]
    assert table.prompt_tokens.tolist() == [2, 1]


def test_limit_takes_the_first_rows_and_stops_reading(write: Write) -> None:
    path = write(PLAIN + "garbage behind the limit")
    assert len(read_trace(path, limit=2)) == 2
    with pytest.raises(InputError):
        read_trace(path, limit=3)


def test_rate_scale_compresses_arrivals(write: Write) -> None:
    assert read_trace(write(PLAIN), rate_scale=2.0).arrival_s.tolist() == [0.25, 0.625]


def test_batches_are_spread_evenly(write: Write) -> None:
    rows = "0,1,1\n0,2,1\n0,3,1\n3,4,1\n6,5,1\n6,6,1\n"
    table = read_trace(write("arrival_s,prompt_tokens,output_tokens\n" + rows), spread_batch_s=3.0)
    assert table.arrival_s.tolist() == [0, 1, 2, 3, 6, 7.5]
    assert table.prompt_tokens.tolist() == [1, 2, 3, 4, 5, 6]


def test_spreading_beyond_the_next_batch_keeps_arrivals_sorted(write: Write) -> None:
    table = read_trace(write("arrival_s,prompt_tokens,output_tokens\n0,1,1\n0,2,1\n1,3,1\n"), spread_batch_s=4.0)
    assert table.arrival_s.tolist() == [0, 1, 2]
    assert table.prompt_tokens.tolist() == [1, 3, 2]


HEADER = "arrival_s,prompt_tokens,output_tokens\n"
AZURE_HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens\n"


def mooncake_row(**changed: object) -> str:
    row = {"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [0, 1], **changed}
    return json.dumps({key: value for key, value in row.items() if value != "absent"}) + "\n"


@pytest.mark.parametrize(
    ("content", "line", "path", "says"),
    [
        (HEADER + "0,1,1\nnan,1,1\n", 3, "arrival_s", "'nan'"),
        (HEADER + "0,1,1\n-0.5,1,1\n", 3, "arrival_s", "'-0.5'"),
        (HEADER + "inf,1,1\n", 2, "arrival_s", "'inf'"),
        (HEADER + "soon,1,1\n", 2, "arrival_s", "'soon'"),
        (HEADER + "0,0,1\n", 2, "prompt_tokens", "1..2147483647"),
        (HEADER + "0,12.5,1\n", 2, "prompt_tokens", "'12.5'"),
        (HEADER + "0,1,-3\n", 2, "output_tokens", "'-3'"),
        (HEADER + "0,1,99999999999999999999999\n", 2, "output_tokens", "1..2147483647"),
        (HEADER + "0,1,2147483648\n", 2, "output_tokens", "'2147483648'"),
        (HEADER + "0,,1\n", 2, "prompt_tokens", "''"),
        (HEADER + "\n\n0,1,1\n0,1\n", 5, None, "3 columns"),
        (HEADER + '0,"1,1\n', None, None, "not valid CSV"),
        (HEADER, None, None, "no requests"),
        ("arrival_s,prompt_token,output_tokens\n0,1,1\n", 1, "prompt_tokens", "did you mean 'prompt_token'"),
        ("arrival_s,prompt_tokens,prompt_tokens,output_tokens\n0,1,1,1\n", 1, "prompt_tokens", "more than once"),
        (HEADER[:-1] + ",prefix_id\n0,1,1,a\n", 1, "prefix_tokens", "missing"),
        (
            HEADER[:-1] + ",prefix_id,prefix_tokens\n0,9,1,a,9\n\n1,9,1,a,10\n",
            4,
            "prefix_tokens",
            "0..prompt_tokens (9)",
        ),
        (AZURE_HEADER + "2023-11-16 18:17:03,1,1\nyesterday,1,1\n", 3, "TIMESTAMP", "'yesterday'"),
        (AZURE_HEADER + "now,1,1\n", 2, "TIMESTAMP", "'now'"),
        (AZURE_HEADER + "2023-13-16 18:17:03,1,1\n", 2, "TIMESTAMP", "2023-13-16"),
        (AZURE_HEADER + "9999-11-16 18:17:03,1,1\n", 2, "TIMESTAMP", "1700 and 2199"),
        ("TIMESTAMP,ContextTokens\n2023-11-16 18:17:03,1\n", 1, "GeneratedTokens", "missing"),
        (mooncake_row() + mooncake_row(hash_ids=[1]), 2, "hash_ids", "2 blocks of 512"),
        (mooncake_row() + mooncake_row(hash_ids=[0, 1.5]), 2, "hash_ids[1]", "1.5"),
        (mooncake_row() + mooncake_row(hash_ids=[0, -1]), 2, "hash_ids[1]", "-1"),
        (mooncake_row() + mooncake_row(hash_ids="0 1"), 2, "hash_ids", "list"),
        (mooncake_row() + mooncake_row(hash_ids="absent"), 2, "hash_ids", "missing"),
        (mooncake_row() + mooncake_row(input_length=600.5), 2, "input_length", "600.5"),
        (mooncake_row() + mooncake_row(input_length=True), 2, "input_length", "True"),
        (mooncake_row() + mooncake_row(output_length=0), 2, "output_length", "0"),
        (mooncake_row() + mooncake_row(timestamp=float("nan")), 2, "timestamp", "nan"),
        (mooncake_row() + mooncake_row(timestamp=-1), 2, "timestamp", "-1"),
        (mooncake_row() + mooncake_row(timestamp=10**400), 2, "timestamp", "1e+15"),
        (mooncake_row() + mooncake_row(timestamp="0"), 2, "timestamp", "'0'"),
        (mooncake_row() + '{"timestamp": 0, "inp', 2, None, "not valid JSON"),
        (mooncake_row() + "[1, 2]\n", 2, None, "JSON object"),
        ("", None, None, "empty"),
        ("\n" + PLAIN, 1, None, "first line is empty"),
        ("a,b,c\n1,2,3\n", 1, None, "known formats"),
        ("{}\n", 1, None, "known formats"),
        (b"\x00\x01\x02\x03" * 100, 1, None, "binary"),
        (PLAIN.encode() + b"\xff\xfe\x00", 4, None, "UTF-8"),
        (gzip.compress(PLAIN.encode() * 50, mtime=0)[:60], None, None, "cut off"),
        (b"\x1f\x8b", None, None, "cut off"),
    ],
)
def test_bad_files_are_named_by_file_line_column_and_value(
    write: Write, content: str | bytes, line: int | None, path: str | None, says: str
) -> None:
    file = write(content, "bad.trace")
    with pytest.raises(InputError) as caught:
        read_trace(file)
    assert caught.value.file == str(file)
    assert caught.value.path == path
    assert says in str(caught.value)
    if line is not None:
        assert caught.value.line == line


def test_bad_line_is_found_deep_in_a_long_file(write: Write) -> None:
    rows = [f"{i},1,1\n" for i in range(20_000)]
    rows[17_654] = "17654,1,x\n"
    with pytest.raises(InputError) as caught:
        read_trace(write(HEADER + "".join(rows)))
    assert caught.value.line == 17_656


def test_missing_file_suggests_a_neighbour(write: Write) -> None:
    path = write(PLAIN, "traffic.csv")
    with pytest.raises(InputError, match=r"did you mean 'traffic.csv'"):
        read_trace(path.with_name("trafic.csv"))


def test_folder_and_unknown_format_are_refused(write: Write, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no file"):
        read_trace(tmp_path)
    with pytest.raises(InputError, match="did you mean 'mooncake'"):
        read_trace(write(PLAIN), "moncake")
    for option in ({"rate_scale": 0.0}, {"rate_scale": float("nan")}, {"limit": 0}, {"spread_batch_s": -1.0}):
        with pytest.raises(InputError):
            read_trace(write(PLAIN), **option)


def test_whole_numbers_may_be_written_as_floats(write: Write) -> None:
    table = read_trace(write(HEADER + "0,12.0,1e2\n"))
    assert table.prompt_tokens.tolist() == [12]
    assert table.output_tokens.tolist() == [100]
    assert table.prompt_tokens.dtype == np.int64


def test_batched_time_stamps_are_said_and_spread(tmp_path: Path) -> None:
    trace = tmp_path / "batched.csv"
    rows = "".join(f"{3 * batch},100,10\n" * 5 for batch in range(6))
    trace.write_text("arrival_s,prompt_tokens,output_tokens\n" + rows)
    assert "in batches of one time stamp, 3 s apart" in " ".join(load_trace(trace).notes)
    assert not load_trace(trace, spread_batch_s=3.0).notes
