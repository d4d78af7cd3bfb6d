"""``inferplan trace``: describe, convert, synthesize."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.workload.profiles import load_profile
from tests.cli.invoke import inferplan

CSV = "arrival_s,prompt_tokens,output_tokens\n" + "".join(f"{k / 4},{100 + k % 7},{10 + k % 3}\n" for k in range(200))


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text(CSV)
    return path


def test_describe_prints_text_or_json(trace: Path) -> None:
    text = inferplan("trace", "describe", trace)
    assert text.status == 0
    assert "200 requests, csv format" in text.out
    assert "4 requests/s" in text.out
    figures = json.loads(inferplan("trace", "describe", trace, "--json", "--limit", 100, "--rate-scale", 2).out)
    assert figures["num_requests"] == 100
    assert figures["rate_per_s"] == pytest.approx(8.0)


def test_convert_writes_and_says_what_is_lost(trace: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl.gz"
    outcome = inferplan("trace", "convert", trace, out, "--to", "mooncake")
    assert outcome.status == 0
    assert json.loads(inferplan("trace", "describe", out, "--json").out)["format"] == "mooncake"


def test_synthesize_writes_a_profile_that_loads(trace: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    assert inferplan("trace", "synthesize", trace, out).status == 0
    assert load_profile(out).spec.num_requests == 200
    assert "trace.csv" not in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("describe", "missing.csv"), "no such trace file"),
        (("convert", "TRACE", "out", "--to", "parquet"), "must be one of csv, mooncake, jsonl"),
        (("synthesize", "TRACE", "out.json"), "a profile is a .yaml file"),
        (("synthesize", "TRACE", "out.yaml", "--tolerance", "2"), "must lie in 0..0.1"),
        (("describe", "TRACE", "--format", "azur"), "did you mean 'azure'"),
    ],
)
def test_mistakes_are_one_message_and_status_2(trace: Path, arguments: tuple[str, ...], words: str) -> None:
    given = [trace if argument == "TRACE" else argument for argument in arguments]
    outcome = inferplan("trace", *given)
    assert outcome.status == 2
    assert words in outcome.err
