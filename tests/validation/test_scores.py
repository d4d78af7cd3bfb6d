"""Errors, their sums by group, and the pairs with other simulators."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.validation.groups import group_rows
from simulator.validation.peers import peer_pairs, peer_summaries, read_peers
from simulator.validation.score import Score
from simulator.validation.validate import validate
from tests.validation.case_files import record, write_cases

PEER_COLUMNS = "case_id,simulator,metric,predicted,measured,ape,note\n"


def score(predicted: float, *, measured: float = 100.0, group: str = "g", band: float = 5.0) -> Score:
    return Score("c", group, "A", "tpot_mean_ms", predicted, measured, predicted - band, predicted + band)


def test_errors_are_in_percent_of_the_measurement() -> None:
    assert score(90.0).ape == pytest.approx(10.0)
    assert score(90.0).signed == pytest.approx(-10.0)
    assert score(104.0).inside
    assert not score(106.0).inside


def test_groups_are_summed_up_apart() -> None:
    scores = [score(90.0), score(102.0), score(104.0), score(150.0, group="other")]
    first, second = group_rows(scores)
    assert (first.group, first.n, first.median, first.bias) == ("g", 3, pytest.approx(4.0), pytest.approx(2.0))
    assert first.inside == pytest.approx(2 / 3)
    assert (second.group, second.median) == ("other", pytest.approx(50.0))


def test_peers_are_compared_on_their_own_rows(tmp_path: Path) -> None:
    """A publisher that measured the first requests only is paired with our prediction of those requests."""
    stages = [{"qps": 20, "duration_s": 2}, {"qps": 200, "duration_s": 2}]
    cases = write_cases(tmp_path, record(workload={"kind": "poisson", "stages": stages}))
    first = validate(cases).results[0].prediction
    assert first is not None
    slow, fast = first.nominal.stage(0)["ttft_mean_ms"], first.nominal.stage(1)["ttft_mean_ms"]
    assert fast != pytest.approx(slow, rel=0.01)
    (tmp_path / "peer_scores.csv").write_text(
        PEER_COLUMNS
        + f"tiny-closed,peer,stage0:ttft_mean,0,{slow},50,estimate\n"
        + f"tiny-closed,peer,stage1:ttft_mean,0,{2 * fast},10,estimate\n"
        + f"tiny-closed,early,ttft_mean,0,{slow},10,first 40 requests only\n"
        + "tiny-closed,whole,ttft_mean,0,77,10,measured = whole load stage\n"
        + "tiny-closed,other,ttft_mean,0,1,1,input artefact (closed loop)\n"
        + "unknown-case,peer,ttft_mean,0,1,1,estimate\n"
    )
    rows = {row.simulator: row for row in peer_summaries(validate(cases).peers)}
    assert set(rows) == {"peer", "early", "whole"}
    assert rows["peer"].n == 2
    assert rows["peer"].ours == pytest.approx(25.0)  # of 0 and 50
    assert rows["peer"].theirs == 30.0
    assert rows["peer"].ours_better == 1
    assert rows["early"].ours == pytest.approx(0.0, abs=1e-9)
    assert not rows["whole"].same_window


def test_a_broken_peer_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "peer_scores.csv"
    path.write_text(PEER_COLUMNS + "a,b,ttft_mean,1,many,3,\n")
    with pytest.raises(InputError, match=r"peer_scores\.csv:2: needs case_id"):
        read_peers(path)


def test_no_peer_no_comparison() -> None:
    assert peer_pairs([], []) == []
