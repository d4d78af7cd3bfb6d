"""``result.export``: one method per format. Files appear whole or not at all; each method returns the path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.atomic import atomic_binary, gzip_packed
from simulator.export.window import parse_window

if TYPE_CHECKING:
    from simulator.cluster.simulation import Progress
    from simulator.result import RunResult


class RunExport:
    """Files of one run (its first seed).

    ``window``: texts such as ``10s:20s``, a part of the simulated time; what has a part inside is exported whole.
    """

    def __init__(self, result: RunResult) -> None:
        self._result = result
        self.notes: list[str] = []
        """What the last file leaves out."""

    def perfetto(
        self,
        path: str | Path,
        *,
        window: str | None = None,
        detail: str = "operators",
        on_progress: Progress | None = None,
    ) -> Path:
        """Chrome trace JSON for ui.perfetto.dev, at most a million events; packed where the name ends in ``.gz``.

        ``detail``: ``operators``, ``parts`` or ``steps``, the finest level wanted; a long run gets less, as ``notes``
        says. The run is simulated again for it. Raises ``InputError`` for a window that is empty or too long.
        """
        from simulator.export.perfetto.trace import write_perfetto

        self.notes = write_perfetto(
            self._result, Path(path), parse_window(window), detail=detail, on_progress=on_progress
        )
        return Path(path)

    def csv(self, path: str | Path, *, table: str = "requests", window: str | None = None) -> Path:
        """``table``: requests, timeseries or steps, with the columns of the DataFrame of that name."""
        return self._table("csv", path, table, window)

    def jsonl(self, path: str | Path, *, table: str = "requests", window: str | None = None) -> Path:
        """The same as JSON lines."""
        return self._table("jsonl", path, table, window)

    def parquet(self, path: str | Path, *, table: str = "requests", window: str | None = None) -> Path:
        """The same as Parquet; needs pyarrow (``inferplan[parquet]``), else raises ``InputError``."""
        return self._table("parquet", path, table, window)

    def vllm_bench(self, path: str | Path, *, on_progress: Progress | None = None) -> Path:
        """The result file of ``vllm bench serve --save-result --save-detailed``; the run is simulated again for it."""
        from simulator.export.vllm_bench import bench_json

        return self._write(path, bench_json(self._result, on_progress))

    def prometheus(self, path: str | Path) -> Path:
        """vLLM's metrics as scraped after the last request, in Prometheus text format."""
        from simulator.export.prometheus import prometheus_text

        return self._write(path, prometheus_text(self._result).encode())

    def _table(self, kind: str, path: str | Path, table: str, window: str | None) -> Path:
        from simulator.export.tables import WRITERS, run_table

        return self._write(path, WRITERS[kind](run_table(self._result, table, parse_window(window))))

    def _write(self, path: str | Path, content: bytes) -> Path:
        self.notes = []
        with atomic_binary(Path(path)) as file:
            file.write(gzip_packed(content) if Path(path).suffix == ".gz" else content)
        return Path(path)
