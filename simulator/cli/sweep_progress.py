"""The progress of a sweep: points done, time left, best so far; on stderr, and only for a person."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.sweeping.journal import Row
    from simulator.sweeping.runner import OnRow, Plan


@contextlib.contextmanager
def sweep_bar(plan: Plan, *, shown: bool) -> Iterator[OnRow | None]:
    """Yield the callback for ``run_plan``, or None when nobody would see the bar."""
    if not (shown and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        MofNCompleteColumn(),
        TextColumn("points"),
        BarColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[best]}"),
    )
    record = BestSoFar(plan)
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4) as bar:
        task = bar.add_task("sweep", total=len(plan.points), best="")

        def on_row(row: Row, done: int, total: int) -> None:
            record.saw(row)
            bar.update(task, completed=done, total=total, best=record.text)

        yield on_row


class BestSoFar:
    """The best point seen and the number that failed, in words."""

    def __init__(self, plan: Plan) -> None:
        self._by = plan.best
        self._best: Row | None = None
        self._failed = 0

    def saw(self, row: Row) -> None:
        """Take note of a finished point."""
        self._failed += row.status == "error"
        value = row.metrics.get(self._by.name)
        if value is None:
            return
        known = None if self._best is None else self._best.metrics[self._by.name]
        if known is None or (value > known if self._by.better == "high" else value < known):
            self._best = row

    @property
    def text(self) -> str:
        """``best tok_s_gpu 1,234 (hardware=h100, rate=5)``."""
        from simulator.cli.sweep_text import settings_text
        from simulator.report.economics import figure

        failed = f"  {self._failed} failed" if self._failed else ""
        if self._best is None:
            return failed.strip()
        return f"best {self._by.name} {figure(self._best.metrics[self._by.name])} ({settings_text(self._best)}){failed}"
