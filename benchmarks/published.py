"""Published figures of other models, devices and versions against ours: ``python -m benchmarks.published``.

``published.yaml`` holds the figures and their sources. Every row becomes a validation case and is run as
``inferplan validate`` runs one; the page has a line per table and device, then every row.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.atomic import write_text
from simulator.validation.fields import Fields
from simulator.validation.markdown_table import table
from simulator.validation.read import read_case
from simulator.validation.score import CaseResult, Score, score_cases
from simulator.yaml_section import Section, read_yaml

FACTS = Path(__file__).with_name("published.yaml")

_INTRODUCTION = """\
# Published figures, predicted

Written by `python -m benchmarks.published --out docs/published.md`; do not edit. The [accuracy page](accuracy.md)
scores runs whose set-up is recorded in detail. Here are figures that vendors published in tables: fewer details (batch
limits, KV share and lengths of the run are defaults of the engine), but other models, devices and engine versions, and
nothing was fitted to them where a table does not say so. Errors are those of one figure, in percent; *bias* is the
median signed error (> 0: predicted too much).
"""

_FINDINGS = """\
## What the rows teach

* **L40S with four and eight ranks** is predicted far too slow, and only there: our all-reduce comes from timings of one
  box whose PCIe collapses when four or eight cards talk at once (0.8 GB/s at eight). The published rows imply about
  10 GB/s at eight: boxes with peer-to-peer transfers behind PCIe switches. Which box one has decides, not the card.
* **A small mixture in 4 bit on B200** (Qwen3-30B-A3B) is predicted 1.3 to 2.3 times too fast, on RTX PRO 6000 not:
  the kernels in our tables are from builds of 2026, these rows from 2025, and the profile of TensorRT-LLM has no host
  time, which binds at 40,000 tokens a second. The rows do not tell the shares of the two.
* **First tokens on Trainium** scatter: compiled buckets pad prompts, and one table's 13B prompts take three times as
  long on Trainium1 as on Inferentia2, which is the slower machine.
"""


@dataclass(frozen=True)
class Facts:
    """One published table: where it is from, what of it was seen while fitting, and its rows by column name."""

    name: str
    source: str
    seen: str
    engine: str
    version: str
    requests: int | None
    rows: Sequence[dict[str, Any]]


def read_facts(path: Path = FACTS) -> list[Facts]:
    """All tables of the file. Raises ``InputError`` for a row that does not fit its columns."""
    file = read_yaml(path)
    return [_facts(Fields(content, path, 1)) for content in _objects(file)]


def _objects(file: Section) -> list[dict[str, Any]]:
    return list(file.content["tables"])


def _facts(fields: Fields) -> Facts:
    columns = fields.texts("columns") or ()
    rows = fields.content["rows"]
    for row in rows:
        if len(row) != len(columns):
            raise fields.error("rows", f"every row of {fields.text('name')} needs {len(columns)} cells, one has {row}")
    return Facts(
        fields.text("name"),
        fields.text("source"),
        fields.text("seen"),
        fields.text("engine"),
        fields.text("version"),
        fields.optional_whole("requests"),
        [dict(zip(columns, row, strict=True)) for row in rows],
    )


def record(facts: Facts, number: int) -> dict[str, Any]:
    """The validation case of one row, as a record of a case file."""
    row = facts.rows[number]
    fixed = "batch" in row
    count = {"batch": row["batch"], "num_requests": row["batch"]} if fixed else {"num_requests": facts.requests}
    kv = "fp8" if row["weights"] in ("fp8", "nvfp4") and facts.engine == "tensorrt-llm" else None
    return {
        "id": f"{facts.name}: {number}",
        "group": facts.name,
        "quality": "C",
        "model": row["model"],
        "weight_dtype": row["weights"],
        "act_dtype": row["weights"],
        "kv_dtype": kv,
        "hardware": row["hardware"],
        "parallel": {"tp": row["tp"], "tp_chips": row.get("chips")},
        "engine": {"name": facts.engine, "version": facts.version, "enable_prefix_caching": False},
        "workload": {
            "kind": "fixed_batch" if fixed else "offline",
            **count,
            "prompt_tokens": {"fixed": row["prompt"]},
            "output_tokens": {"fixed": row["output"]},
        },
        "measured": measured(row),
    }


def measured(row: dict[str, Any]) -> dict[str, Any]:
    """The figures of a row under the keys of a case file: ``tpot_p50_ms: 6.5`` is ``tpot_ms: {p50: 6.5}``."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name.endswith("_tok_s"):
            found[name] = value
        elif name == "prompt_time_ms":
            found[name] = {"mean": value}
        elif name.endswith("_ms"):
            family, statistic, _ = name.split("_")
            found[f"{family}_ms"] = {statistic: value}
    return found


def run(tables: Sequence[Facts], workers: int | None = None) -> list[CaseResult]:
    """Every row of every table, simulated."""
    cases = [read_case(Fields(record(one, i), FACTS, 1)) for one in tables for i in range(len(one.rows))]
    return score_cases(cases, {}, with_band=False, workers=workers)


def page(tables: Sequence[Facts], results: Sequence[CaseResult]) -> str:
    """The page in Markdown."""
    parts = [_INTRODUCTION, "## By table and device\n", table(_SUMMARY, _summary(tables, results)), "", _FINDINGS]
    for facts in tables:
        mine = [result for result in results if result.case.group == facts.name]
        header = f"## {facts.name}\n\nSource: {facts.source}. {facts.seen[0].upper()}{facts.seen[1:]}.\n"
        parts += [header, table(_ROWS, [line for result in mine for line in _lines(result)]), ""]
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


_SUMMARY = ("table", "device", "metric", "n", "median %", "p90 %", "bias %", "engine profile")
_ROWS = ("model", "devices", "weights", "batch", "prompt + output", "metric", "published", "predicted", "error %")


def _summary(tables: Sequence[Facts], results: Sequence[CaseResult]) -> Iterator[tuple[object, ...]]:
    groups: dict[tuple[str, str, str], list[tuple[Score, str]]] = {}
    for result in results:
        if result.prediction is not None:
            profile = result.prediction.deployment.engine.name
            device = result.prediction.deployment.hardware.name
            for score in result.scores:
                groups.setdefault((score.group, device, score.metric), []).append((score, profile))
    for (name, device, metric), found in groups.items():
        errors = np.array([score.signed for score, _ in found])
        figures = (np.median(np.abs(errors)), np.quantile(np.abs(errors), 0.9))
        yield (name, device, f"`{metric}`", len(found), *(f"{figure:.1f}" for figure in figures),
               f"{np.median(errors):+.1f}", found[0][1])  # fmt: skip


def _lines(result: CaseResult) -> Iterator[tuple[object, ...]]:
    case = result.case
    lengths = f"{case.workload.prompt_tokens.fixed:,} + {case.workload.output_tokens.fixed:,}"
    device = f"{case.tensor_parallel_size} x {case.hardware}"
    setup = (case.model, device, case.weight_dtype, case.workload.batch or "all", lengths)
    if result.unsupported is not None:
        yield (*setup, "", "", "", f"not run: {result.unsupported}")
    for score in result.scores:
        yield (*setup, f"`{score.metric}`", _figure(score.measured), _figure(score.predicted), f"{score.signed:+.1f}")


def _figure(value: float) -> str:
    """Three digits and the thousands."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    """Simulate the rows and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="write the page there instead of printing it")
    parser.add_argument("--workers", type=int, help="processes; one per CPU when not given")
    arguments = parser.parse_args()
    tables = read_facts()
    text = page(tables, run(tables, arguments.workers))
    if arguments.out is None:
        print(text)
    else:
        write_text(arguments.out, text)


if __name__ == "__main__":
    main()
