"""``simulator.goal``: the answer of the command line, with tables and charts for notebooks."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from simulator import GoalAnswer, goal
from simulator.errors import InputError
from simulator.study.tables import points_csv
from tests.run.scenarios import small


@pytest.fixture(scope="module")
def answer() -> GoalAnswer:
    return goal(small(requests=150, output=16), "ttft:p95<150ms", seeds=2, tolerance=0.2)


def test_points_are_those_of_the_file(answer: GoalAnswer) -> None:
    file = pd.read_csv(io.StringIO(points_csv(answer)))
    assert list(file.columns) == list(answer.points.columns)
    assert set(answer.points["role"]) == {"search", "chart"}
    for column in ("load", "ttft:p95<150ms", "p99_tpot_ms"):
        assert file[column].tolist() == pytest.approx(answer.points[column].tolist(), rel=1e-5, nan_ok=True)
    assert answer.points["met"].dtype == bool
    met = answer.points[answer.points["met"]]
    assert (met.loc[met["ended"] == "complete", "ttft:p95<150ms"] < 150).all()


def test_charts(answer: GoalAnswer) -> None:
    left, _ = answer.plot.latency_load().axes
    assert left.get_xlabel() == "offered load (requests/s)"
    assert len(left.lines[0].get_xdata()) >= 5
    assert answer.plot.goodput_load().axes
    assert set(answer.plot.files()) == {f"{n}_load.{k}" for n in ("latency", "goodput") for k in ("png", "svg")}


def test_it_reads_well(answer: GoalAnswer) -> None:
    text, html = repr(answer), answer._repr_html_()
    for words in ("Capacity is", "ttft:p95&lt;150ms", "95 % interval"):
        assert words in html
    assert "Capacity is" in text
    assert "ttft:p95<150ms" in text
    assert len(text) < 2000


def test_mistakes() -> None:
    with pytest.raises(InputError, match="ttft"):
        goal(small(), "tfft:p95<150ms")
    with pytest.raises(InputError, match="must be one of rate"):
        goal(small(), ["ttft:p95<150ms"], maximize="load")
