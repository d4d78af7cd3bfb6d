"""SweepResult: the points of a sweep as a table, with what is asked of it; ``load`` reads one from its folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError, did_you_mean
from simulator.sweeping.bounds import Bounds
from simulator.sweeping.folder import read_sweep_json, summary_csv
from simulator.sweeping.frontier import Frontier, frontier
from simulator.sweeping.journal import Row, read_rows
from simulator.sweeping.metrics import Metric, columns_of, known_metric, ranking
from simulator.sweeping.plots import SweepPlots

if TYPE_CHECKING:
    from pandas import DataFrame

_SHOWN = 10


@dataclass(frozen=True)
class SweepResult:
    """A finished (or interrupted) sweep.

    Attributes
    ----------
    content: what sweep.json holds: title, axes, metrics with units and direction, counts, notes.
    rows: finished points in the order of the plan.
    folder: where it is kept, None = nowhere.
    """

    content: dict[str, Any]
    rows: Sequence[Row]
    folder: Path | None = None

    @property
    def title(self) -> str:
        """The study's."""
        return str(self.content["title"])

    @property
    def keys(self) -> tuple[str, ...]:
        """Dotted keys that were set, in the order of the axes."""
        return tuple(key for axis in self.content["axes"] for key in axis["keys"])

    @property
    def ranked_by(self) -> Metric:
        """The metric that ranks the points."""
        return ranking("{name}:{better}".format(**self.content["best"]))

    @property
    def done(self) -> list[Row]:
        """Points that ran."""
        return [row for row in self.rows if row.status == "ok"]

    @property
    def failed(self) -> list[Row]:
        """Points that did not."""
        return [row for row in self.rows if row.status == "error"]

    @cached_property
    def points(self) -> DataFrame:
        """One row per point: ``id``, ``status``, ``title``, ``error``, the dotted keys, the metrics.

        NaN for no value; units in ``content["metrics"]``. The index is the place in the plan.
        """
        from pandas import DataFrame, Index

        metrics = [metric.name for metric in columns_of(row.metrics for row in self.rows)]
        content = [
            {"id": row.id, "status": row.status, "title": row.title, "error": row.error}
            | {key: row.set.get(key) for key in self.keys}
            | {name: row.metrics.get(name) for name in metrics}
            for row in self.rows
        ]
        columns = ["id", "status", "title", "error", *self.keys, *metrics]
        frame = DataFrame(content, columns=columns, index=Index([row.index for row in self.rows], name="index"))
        return frame.astype(dict.fromkeys(metrics, float))

    def best(self, metric: str | None = None, n: int = 1, *, goals: Iterable[str] = ()) -> DataFrame:
        """The ``n`` best points by a metric (default: the study's), of those that meet ``goals`` (``ttft:p99<500ms``).

        ``NAME:low`` or ``NAME:high`` sets the direction. Raises ``InputError`` for a metric there is none of.
        """
        by = self.ranked_by if metric is None else ranking(metric)
        return self.points.loc[[row.index for row in self.best_rows(by, Bounds(goals))[:n]]]

    def best_rows(self, by: Metric, bounds: Bounds | None = None) -> list[Row]:
        """Points that have the metric and meet the bounds, the best first."""
        sign = -1.0 if by.better == "high" else 1.0
        wanted = self._within(bounds)
        have = [(value, row) for row in wanted if (value := row.metrics.get(by.name)) is not None]
        return [row for _, row in sorted(have, key=lambda pair: (sign * pair[0], pair[1].index))]

    def frontier(
        self, x: str = "tok_s_user", y: str = "tok_s_gpu", bounds: Bounds | None = None
    ) -> tuple[Metric, Metric, list[Row], Frontier]:
        """Both metrics, the points that have them, and the frontier in indices of those. Raises ``InputError``."""
        across, along = (self._axis(name, path) for name, path in ((x, "x"), (y, "y")))
        wanted = self._within(bounds)
        rows = [row for row in wanted if None not in (row.metrics.get(across.name), row.metrics.get(along.name))]
        if not rows:
            meets = f" and meets {bounds.text}" if bounds else ""
            raise InputError(f"no point has both {across.name} and {along.name}{meets}", file=self.folder or self.title)
        xs, ys = ([float(row.metrics[one.name] or 0.0) for row in rows] for one in (across, along))
        return across, along, rows, frontier(xs, ys, across.better, along.better)

    def pareto(self, x: str = "tok_s_user", y: str = "tok_s_gpu", *, goals: Iterable[str] = ()) -> DataFrame:
        """Points that no other point beats in both metrics, from the best in ``x`` to the best in ``y``; of those that
        meet ``goals``.

        The column ``knee`` marks the one furthest from the line between the ends (``frontier.py``). Directions are the
        metrics' own; ``NAME:low``, ``NAME:high`` set one. Raises ``InputError``.
        """
        _, _, rows, found = self.frontier(x, y, Bounds(goals))
        table = self.points.loc[[rows[at].index for at in found.rows]]
        knee = [at == found.knee for at in found.rows]
        table.insert(0, "knee", knee)
        return table

    @property
    def plot(self) -> SweepPlots:
        """Charts; each method returns a matplotlib figure."""
        return SweepPlots(self)

    def to_csv(self) -> str:
        """The text of summary.csv."""
        return summary_csv(self.rows, self.keys, columns_of(row.metrics for row in self.rows))

    def _within(self, bounds: Bounds | None) -> list[Row]:
        return [row for row in self.done if bounds.met(row.metrics)] if bounds else self.done

    def _axis(self, name: str, path: str) -> Metric:
        """A metric with a direction, of those the points have."""
        plain = name.partition(":")[0]
        have = {one for row in self.done for one in row.metrics}
        if plain not in have:
            known_metric(plain, path)
            hint = did_you_mean(plain, have)
            raise InputError("is a metric that no point has", path=path, value=plain, hint=hint)
        return ranking(name)

    def __repr__(self) -> str:
        by, counts = self.ranked_by, self.content["counts"]
        failed = f", {counts['error']} failed" if counts["error"] else ""
        best = self.best_rows(by)[:1]
        what = f"; best {by.name}: {best[0].metrics[by.name]:.4g} at {best[0].set}" if best else ""
        return f"{self.title}: {counts['ok']} of {counts['planned']} points{failed}{what}"

    def _repr_html_(self) -> str:
        by = self.ranked_by
        columns = [*self.keys, *dict.fromkeys((by.name, "tok_s_user", "tok_s_gpu", "p99_ttft_ms", "p99_tpot_ms"))]
        shown = self.best(n=_SHOWN)
        table = shown[[name for name in columns if name in shown]].to_html(float_format="{:.4g}".format, border=0)
        return f"<p><b>{escape(self.title)}</b>: {escape(repr(self).partition(': ')[2])}</p>{table}"


def load(folder: str | Path) -> SweepResult:
    """The sweep kept in a folder; one that is still going on, or was interrupted, with the points it has.

    Raises ``InputError`` where there is none.
    """
    path = Path(folder)
    content = read_sweep_json(path)
    last = {row.id: row for row in read_rows(path)}
    rows = sorted(last.values(), key=lambda row: row.index)
    failed = sum(row.status == "error" for row in rows)
    content["counts"] |= {"ok": len(rows) - failed, "error": failed}
    content["metrics"] = [metric.content() for metric in columns_of(row.metrics for row in rows)]
    return SweepResult(content, rows, path)
