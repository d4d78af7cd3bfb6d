"""Read ServeGen's client statistics: windows of arrivals, periods of token counts.

Two layouts are read: the folder of the ServeGen repository (``chunk-<client>-trace.csv`` beside
``chunk-<client>-dataset.json``), and JSON lines ``{client, trace_csv, dataset}`` that hold the texts of both.

A trace row is ``window start (s), rate (requests/s), CV of gaps, "Gamma" | "Weibull" | "", shape, scale (s)``; a
dataset maps the start of a period (s) to histograms ``{tokens: probability}``. Prompt tokens are ``input_tokens``, or
for multimodal clients text tokens plus count times tokens of images, audio and video, drawn independently.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.errors import InputError
from simulator.workload.readers.json_rows import json_rows
from simulator.workload.readers.lines import trace_lines
from simulator.workload.servegen.histogram import Histogram
from simulator.workload.table import FloatColumn

FAMILIES = ("Gamma", "Weibull")

MAX_RATE_PER_S = 1e5
"""Of one client; anything above is a mistake of unit."""

_MEDIA = ("image", "audio", "video")


@dataclass(frozen=True)
class Window:
    """Arrivals of one client from ``start_s`` until its next window: ``rate_per_s`` and the shape of its gaps.

    ``family`` is one of ``FAMILIES``, or empty where ServeGen fitted none (a Poisson process is drawn then).
    """

    start_s: float
    rate_per_s: float
    family: str
    shape: float


@dataclass(frozen=True)
class TokenCounts:
    """Token counts of one client from ``start_s`` on; ``media`` are (count per request, tokens of each)."""

    start_s: float
    text: Histogram
    media: tuple[tuple[Histogram, Histogram], ...]
    output: Histogram

    def prompt_tokens(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) prompt tokens."""
        total = self.text.draw(rng.random(n))
        for count, tokens in self.media:
            total = total + count.draw(rng.random(n)) * tokens.draw(rng.random(n))
        return total


@dataclass(frozen=True)
class Client:
    """One client: ``windows`` and ``periods`` in order of their start."""

    name: str
    windows: tuple[Window, ...]
    periods: tuple[TokenCounts, ...]


def recognises(head: str) -> bool:
    """Whether a file with this head holds client statistics."""
    return head.lstrip().startswith("{") and '"trace_csv"' in head


def read_clients(path: Path) -> list[Client]:
    """All clients of a file or folder. Raises ``InputError`` with the file and what is wrong in it."""
    clients = [_client(path, name, text, dataset) for name, text, dataset in _sources(path)]
    if not clients:
        raise InputError("has no clients", file=path)
    return clients


def _sources(path: Path) -> Iterator[tuple[str, str, Any]]:
    """(name, text of the trace, dataset) of each client."""
    if not path.is_dir():
        for row in json_rows(path, trace_lines(path), None):
            yield str(row.get("client")), str(row.get("trace_csv")), row.get("dataset")
        return
    traces = sorted(path.glob("chunk-*-trace.csv"))
    if not traces:
        raise InputError("has no chunk-<client>-trace.csv files of ServeGen", file=path)
    for trace in traces:
        dataset = trace.with_name(trace.name.replace("-trace.csv", "-dataset.json"))
        yield trace.name.split("-")[1], "".join(trace_lines(trace)), _json("".join(trace_lines(dataset)), dataset)


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not valid JSON: {error}", file=path) from None


def _client(path: Path, name: str, trace: str, dataset: Any) -> Client:
    where = f"client {name}"
    windows = tuple(_window(path, where, row) for row in csv.reader(trace.splitlines()) if row)
    if not isinstance(dataset, dict) or not dataset or not windows:
        raise InputError("must have windows and a dataset of periods", file=path, path=where)
    if any(later.start_s <= earlier.start_s for earlier, later in itertools.pairwise(windows)):
        raise InputError("windows must be in order of their start", file=path, path=where)
    found = (_period(path, where, start, content) for start, content in dataset.items() if not _silent(content))
    periods = sorted(found, key=lambda period: period.start_s)
    if not periods:
        raise InputError("has no period with token counts", file=path, path=where)
    return Client(name, windows, tuple(periods))


def _silent(content: Any) -> bool:
    """Whether the client sent nothing in a period: its histograms are empty (the period before then holds on)."""
    return isinstance(content, dict) and content.get("output_tokens") in ("{}", {})


def _window(path: Path, where: str, row: list[str]) -> Window:
    try:
        start_s, rate_per_s, _, family, shape, _ = row
        window = Window(float(start_s), float(rate_per_s), family.strip(), float(shape or 0))
    except ValueError:
        rule = "must be: start s, rate per s, CV, family, shape, scale"
        raise InputError(rule, file=path, path=f"{where}.trace", value=row) from None
    known = window.family in ("", *FAMILIES)
    numbers = (window.start_s, window.rate_per_s, window.shape)
    sound = all(math.isfinite(n) and n >= 0 for n in numbers) and window.rate_per_s <= MAX_RATE_PER_S
    if not known or not sound or (window.family and window.shape == 0):
        rule = f"must have numbers >= 0, a rate <= {MAX_RATE_PER_S:g}/s and one of {', '.join(FAMILIES)} (or nothing)"
        raise InputError(rule, file=path, path=f"{where}.trace", value=row)
    return window


def _period(path: Path, where: str, start: str, content: Any) -> TokenCounts:
    at = f"{where}.dataset[{start}]"
    if not isinstance(content, dict) or not start.replace(".", "", 1).isdecimal():
        raise InputError("must map histograms by name, under a start in seconds", file=path, path=at, value=content)
    text = "input_tokens" if "input_tokens" in content else "text_tokens"
    media = tuple(
        (Histogram.parse(path, at, f"{kind}_count", content), Histogram.parse(path, at, f"{kind}_tokens", content))
        for kind in _MEDIA
        if f"{kind}_count" in content
    )
    return TokenCounts(
        float(start),
        Histogram.parse(path, at, text, content),
        media,
        Histogram.parse(path, at, "output_tokens", content),
    )
