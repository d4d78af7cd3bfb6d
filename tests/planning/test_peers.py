"""``python -m benchmarks.peers``: rows are read, set beside what they mean, and written as a page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.peers import SPLIT, STATIC, STEADY, main, ours, page, read

ROWS = """\
model,gpu,tp,dtype,batch_concurrency,isl,osl,ttft_ms,tpot_ms,tok_s_gpu,tool,tool_seconds,note
Qwen/Qwen3-32B,h200_sxm,4,bf16,2,200,10,50,10,100,other-1.0 agg SILICON,1,
Qwen/Qwen3-32B,h200_sxm,4,bf16,2,200,10,60,11,,other-1.0 static (prefill b=1) eff=1,,
Qwen/Qwen3-32B,h200_sxm,4,bf16,2,200,10,70,12,90,other-1.0 static SOL,1,
Nobody/Unknown-7B,h200_sxm,4,bf16,2,200,10,70,12,90,other-1.0 static SOL,1,
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


def test_what_a_tool_means(file: Path) -> None:
    rows = read(file)
    assert [row.kind for row in rows] == [STEADY, SPLIT, STATIC, STATIC]
    assert rows[1].figures.tok_s_gpu is None
    found = ours(rows[0].configuration)
    # A batch of two is prefilled together, one alone is quicker; decoding alone is faster than with the prefill.
    assert found[SPLIT].ttft_ms < found[STATIC].ttft_ms  # type: ignore[operator]
    assert found[SPLIT].tpot_ms == found[STATIC].tpot_ms
    assert found[SPLIT].tok_s_gpu > found[STATIC].tok_s_gpu  # type: ignore[operator]
    difference = rows[2].figures.over(found[STATIC])
    assert difference[2] == pytest.approx(90 / found[STATIC].tok_s_gpu - 1)  # type: ignore[operator]


def test_the_page(file: Path) -> None:
    text = page(read(file))
    assert "### Qwen3-32B, bf16, 4 x H200, 2 at once, 200 in, 10 out" in text
    assert "Not compared: Unknown-7B" in text
    assert text.count("| other-1.0 static SOL |") == 2  # the summary and the configuration that is known


def test_without_data_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["peers", "--data", str(tmp_path / "none.csv")])
    main()
    assert "not present" in capsys.readouterr().out
