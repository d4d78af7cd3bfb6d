"""Published predictions of other simulators on the same cases, paired with ours: same case, metric and window."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.errors import InputError
from simulator.validation.predict import CasePrediction
from simulator.validation.score import CaseResult

_ARTEFACT = "input artefact"
_OTHER_WINDOW = "measured = whole load stage"
_FIRST_ROWS = re.compile(r"first (\d+) requests only")
_STAGE = re.compile(r"stage(\d+):(.+)")
_OUR_NAME = {"output_tok_s_mean": "output_tok_s"}


@dataclass(frozen=True)
class PeerRow:
    """A published prediction. Times in ms, throughput in tokens/s; ``ape`` in percent, as published."""

    case_id: str
    simulator: str
    metric: str
    measured: float
    ape: float
    note: str


@dataclass(frozen=True)
class PeerPair:
    """One case and metric: the published error and ours, in percent. ``same_window`` as in ``PeerSummary``."""

    case_id: str
    simulator: str
    metric: str
    same_window: bool
    theirs: float
    ours: float


@dataclass(frozen=True)
class PeerSummary:
    """One simulator and metric over ``n`` pairs: median errors in percent, and how often ours is the smaller.

    ``same_window``: both predictions are compared with the same measured rows. Otherwise the publisher scored a whole
    load stage of the run and we the window of the case, each against its own measurement.
    """

    simulator: str
    metric: str
    same_window: bool
    n: int
    theirs: float
    ours: float
    ours_better: int

    @property
    def better(self) -> bool:
        """Whether ours is the better one: the smaller median error, and smaller in more than half of the pairs."""
        return self.ours < self.theirs and 2 * self.ours_better > self.n


def read_peers(path: Path) -> list[PeerRow]:
    """The published rows, those left out that were computed from other input than the measurement had."""
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                if _ARTEFACT not in row["note"]:
                    figures = float(row["measured"]), float(row["ape"])
                    rows.append(PeerRow(row["case_id"], row["simulator"], row["metric"], *figures, row["note"]))
            except (KeyError, TypeError, ValueError):
                raise InputError(
                    "needs case_id, simulator, metric, measured, ape, note", file=path, line=line
                ) from None
    return rows


def peer_pairs(peers: Sequence[PeerRow], results: Sequence[CaseResult]) -> list[PeerPair]:
    """Our error beside each published one, in the published order.

    Inter-token latencies are left out: the published measurement of them divides by re-tokenised lengths.
    """
    by_id = {result.case.id: result for result in results if result.prediction is not None}
    pairs = []
    for row in peers:
        result = by_id.get(row.case_id)
        ours = None if result is None else _our_ape(row, result)
        if ours is not None:
            same_window = _OTHER_WINDOW not in row.note
            pairs.append(PeerPair(row.case_id, row.simulator, _plain(row.metric), same_window, row.ape, ours))
    return pairs


def peer_summaries(pairs: Sequence[PeerPair]) -> list[PeerSummary]:
    """Summed up by simulator, metric and window."""
    found: dict[tuple[str, str, bool], list[PeerPair]] = {}
    for pair in pairs:
        found.setdefault((pair.simulator, pair.metric, pair.same_window), []).append(pair)
    return [_summary(*key, members) for key, members in sorted(found.items())]


def _plain(metric: str) -> str:
    stage = _STAGE.fullmatch(metric)
    return stage[2] if stage else metric


def _our_ape(row: PeerRow, result: CaseResult) -> float | None:
    assert result.prediction is not None
    name = _OUR_NAME.get(_plain(row.metric), f"{_plain(row.metric)}_ms")
    measured = result.case.measured.get(name) if _OTHER_WINDOW in row.note else row.measured
    figures = _figures(row, result.prediction)
    if name not in figures or measured is None:
        return None
    return 100.0 * abs(figures[name] / measured - 1.0)


def _figures(row: PeerRow, prediction: CasePrediction) -> dict[str, float]:
    """Our figures over the rows the publisher's measurement covers."""
    nominal = prediction.nominal
    if _OTHER_WINDOW in row.note:
        return nominal.figures
    rows = nominal.requests.scored
    stage, first = _STAGE.fullmatch(row.metric), _FIRST_ROWS.search(row.note)
    if stage:
        rows = rows & (nominal.requests.stage == int(stage[1]))
    if first:
        rows = rows & (np.arange(len(rows)) < int(first[1]))
    return nominal.figures | nominal.over(rows)


def _summary(simulator: str, metric: str, same_window: bool, pairs: Sequence[PeerPair]) -> PeerSummary:
    return PeerSummary(
        simulator,
        metric,
        same_window,
        len(pairs),
        float(np.median([pair.theirs for pair in pairs])),
        float(np.median([pair.ours for pair in pairs])),
        sum(pair.ours < pair.theirs for pair in pairs),
    )
