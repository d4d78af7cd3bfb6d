"""The progress bar: simulated time, requests done, time left; on stderr, and only for a person."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

OnProgress = Callable[[float, int, int], None]


@contextlib.contextmanager
def progress_bar(*, shown: bool) -> Iterator[OnProgress | None]:
    """Yield the callback for ``run``, or None when nobody would see the bar."""
    if not (shown and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("simulated {task.fields[simulated]}"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f} requests, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4) as bar:
        task = bar.add_task("run", total=1, simulated="0 s")

        def update(simulated_s: float, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, simulated=f"{simulated_s:,.0f} s")

        yield update
