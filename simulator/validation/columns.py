"""The same cases scored in four ways, side by side: what fitting gave, and what of it survives on unseen models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.validation.score import Score, all_scores
from simulator.validation.validate import OnCase, Validation, validate


@dataclass(frozen=True)
class Column:
    """One way of scoring: with which host terms (``HOST_TERMS``), and whether what was inferred from the measurements
    is used. ``with_band``: whether its bands are simulated. ``label``: in tables; ``key``: in csv headers."""

    key: str
    label: str
    terms: str
    use_inferred: bool
    with_band: bool


ZERO = Column("zero", "zero fit", "zero", True, False)
IN_SAMPLE = Column("in_sample", "in-sample", "fitted", True, False)
HELD_OUT = Column("held_out", "held out", "held-out", True, True)
WITHOUT_INFERRED = Column("without_inferred", "without inferred", "held-out", False, False)

COLUMNS = (ZERO, IN_SAMPLE, HELD_OUT, WITHOUT_INFERRED)


@dataclass(frozen=True)
class SideBySide:
    """One validation a column, over the same cases in the same order."""

    columns: Mapping[Column, Validation]

    def scores(self, column: Column) -> dict[tuple[str, str], Score]:
        """``(case id, metric)`` -> score."""
        return {(score.case_id, score.metric): score for score in all_scores(self.columns[column].results)}


def column_of(terms: str, use_inferred: bool) -> Column | None:
    """The column that scores so, if there is one."""
    return next((one for one in COLUMNS if (one.terms, one.use_inferred) == (terms, use_inferred)), None)


def side_by_side(
    cases_file: Path,
    *,
    group: str | None = None,
    known: Mapping[Column, Validation] | None = None,
    workers: int | None = 1,
    on_case: OnCase | None = None,
) -> SideBySide:
    """Score the cases of a file in every column; ``known`` ones are not simulated again.

    The other parameters and errors are those of ``validate``.
    """
    columns = dict(known or {})
    for column in COLUMNS:
        if column not in columns:
            columns[column] = validate(
                cases_file,
                group=group,
                use_inferred=column.use_inferred,
                terms=column.terms,
                with_band=column.with_band,
                workers=workers,
                on_case=on_case,
            )
    return SideBySide(columns)
