"""The published figures: every row can be run, and the page names each of them with its source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.published import FACTS, Facts, page, read_facts, record, run
from simulator.validation.assemble import assemble
from simulator.validation.fields import Fields
from simulator.validation.read import read_case
from simulator.validation.requests import case_requests

TABLES = read_facts()


def first_rows(facts: Facts, n: int) -> Facts:
    return replace(facts, rows=facts.rows[:n])


def test_there_are_enough_of_them_from_several_vendors() -> None:
    assert sum(len(facts.rows) for facts in TABLES) >= 100
    assert len({facts.source.split()[0] for facts in TABLES}) >= 4
    assert all(facts.seen for facts in TABLES)


@pytest.mark.parametrize("facts", TABLES, ids=lambda facts: facts.name)
def test_every_row_fits_its_devices(facts: Facts) -> None:
    for number in range(len(facts.rows)):
        case = read_case(Fields(record(facts, number), FACTS, 1))
        assert assemble(case, case_requests(case).workload, {}).deployment.model.name
        assert case.measured


def test_the_page_shows_every_figure_and_its_source() -> None:
    tables = [first_rows(facts, 2) for facts in TABLES if facts.name.startswith(("vLLM", "transformers"))]
    text = page(tables, run(tables, workers=1))
    assert all(facts.source in text for facts in tables)
    figures = sum(name.endswith("_ms") for facts in tables for row in facts.rows for name in row)
    assert sum(" x " in line and "_ms`" in line for line in text.splitlines()) == figures
    assert "not run" not in text
