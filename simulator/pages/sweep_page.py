"""The report of a sweep: the best points, the frontier, what each setting does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.pages.device_trust import device_trust_table
from simulator.pages.origin import settings_table
from simulator.pages.sweep_charts import effects, has_frontier, pareto
from simulator.pages.sweep_tables import axes_table, best_table, errors_table, points_table, values_table
from simulator.report.page.document import (
    Block,
    Bullets,
    Cell,
    Column,
    KeyFigure,
    Listing,
    Page,
    Paragraph,
    Section,
    Table,
)
from simulator.report.page.numbers import number
from simulator.sweeping.folder import STUDY
from simulator.sweeping.journal import Row
from simulator.sweeping.plots import label
from simulator.sweeping.result import SweepResult, load


def sweep_page(folder: Path) -> Page:
    """The page of a folder written by ``inferplan sweep``. Raises ``InputError``."""
    sweep = load(folder)
    base = sweep.content["provenance"]["scenario"]
    return Page(
        "sweep",
        _title(sweep),
        asked=_asked(sweep),
        answer=_answer(sweep),
        confidence=_confidence(sweep),
        figures=_key_figures(sweep),
        sections=[
            Section("Evidence", _evidence(sweep)),
            Section("Assumptions", [axes_table(sweep), settings_table(base, "Settings of the base scenario")]),
            Section("Calibration error", _calibration(sweep)),
            Section("Provenance", _origin(sweep, (folder / STUDY).read_text(encoding="utf-8"))),
        ],
    )


def _title(sweep: SweepResult) -> str:
    axes = ", ".join(axis["key"] for axis in sweep.content["axes"])
    return f"{sweep.title}: {sweep.content['counts']['planned']:,} points over {axes or 'nothing'}"


def _asked(sweep: SweepResult) -> str:
    by = sweep.ranked_by
    axes = ", ".join(f"{axis['key']} ({len(axis['values'])})" for axis in sweep.content["axes"])
    direction = "lowest" if by.better == "low" else "highest"
    return f"Which settings give the {direction} {by.name}? Swept, with the number of values: {axes}."


def _answer(sweep: SweepResult) -> str:
    by, ranked = sweep.ranked_by, sweep.best_rows(sweep.ranked_by)
    if not ranked:
        return f"No point has {by.name}."
    best, worst = ranked[0], ranked[-1]
    first = f"{by.name} is best, {_amount(best, sweep)}, at {_where(best, sweep)}; at worst {_amount(worst, sweep)}."
    if not has_frontier(sweep):
        return first
    _, _, rows, found = sweep.frontier()
    knee = "" if found.knee is None else f"; the knee is at {_where(rows[found.knee], sweep)}"
    size = f"{len(found.rows)} of {len(rows):,} points {'is' if len(found.rows) == 1 else 'are'} not beaten"
    return f"{first} In speed per user and throughput per device, {size}{knee}."


def _amount(row: Row, sweep: SweepResult) -> str:
    by = sweep.ranked_by
    return f"{number(float(row.metrics[by.name] or 0.0))} {by.unit}".rstrip()


def _where(row: Row, sweep: SweepResult) -> str:
    return label(row, list(sweep.keys)) or "the scenario as it is"


def _confidence(sweep: SweepResult) -> str:
    counts, seeds = sweep.content["counts"], sweep.content["seeds"]
    left = max(0, counts["planned"] - counts["ok"] - counts["error"])
    missing = [f"{counts['error']} could not be run"] if counts["error"] else []
    missing += [f"{left} are still to be run"] if left else []
    often = "one seed each" if seeds == 1 else f"means over {seeds} seeds"
    state = f"{counts['ok']:,} of {counts['planned']:,} points ran, {often}"
    rest = f"; {' and '.join(missing)}" if missing else ""
    return (
        f"{state}{rest}. Points are simulated without bands: those on one device share most of the model's error, "
        "so their order is surer than their level; those on different devices do not."
    )


def _key_figures(sweep: SweepResult) -> list[KeyFigure]:
    counts, by, ranked = sweep.content["counts"], sweep.ranked_by, sweep.best_rows(sweep.ranked_by)
    failed = f"{counts['error']} failed" if counts["error"] else "none failed"
    figures = [KeyFigure("Points", number(counts["ok"]), "", failed)]
    figures += [
        KeyFigure(f"{name} {by.name}", number(float(row.metrics[by.name] or 0.0)), by.unit, _where(row, sweep))
        for name, row in zip(("Best", "Worst"), (*ranked[:1], *ranked[-1:]), strict=False)
    ]
    if has_frontier(sweep):
        figures.append(KeyFigure("Points on the frontier", number(len(sweep.frontier()[3].rows))))
    return figures


def _evidence(sweep: SweepResult) -> list[Block]:
    blocks = [
        Bullets(sweep.content["notes"]) if sweep.content["notes"] else None,
        best_table(sweep),
        pareto(sweep) if has_frontier(sweep) else None,
        effects(sweep),
        values_table(sweep),
        points_table(sweep),
        errors_table(sweep),
    ]
    return [block for block in blocks if block is not None]


def _calibration(sweep: SweepResult) -> list[Block]:
    """What the kernel times of the swept devices rest on, and how to get the band of a point: a sweep makes none."""
    base = sweep.content["provenance"]["scenario"]
    devices = [row.set.get("hardware", base.get("hardware")) for row in sweep.done]
    table = device_trust_table(str(name) for name in devices)
    text = (
        "A sweep makes no bands. A run of one point does, with the share of its step time that is measured, fitted, "
        "transferred or nominal; docs/accuracy.md sets simulated against measured."
    )
    own = "The study names calibration files of its own; the table does not know them." if _own(base) else ""
    best = [f"The best point, to be run so: {_where(row, sweep)}." for row in sweep.best_rows(sweep.ranked_by)[:1]]
    words = [Paragraph(part) for part in (text, own, *best) if part]
    return [*words, *([table] if table is not None else [])]


def _own(base: dict[str, Any]) -> bool:
    """Whether a scenario names calibration files."""
    return any((base.get("calibration") or {}).values())


def _origin(sweep: SweepResult, study: str) -> list[Block]:
    content = sweep.content
    counts = content["counts"]
    rows: list[list[Cell]] = [
        ["inferplan", f"version {content['inferplan']}"],
        ["Seeds per point", str(content["seeds"])],
        ["Points", f"{counts['planned']} planned, {counts['ok']} ran, {counts['error']} failed"],
    ]
    return [
        Table("Sources and versions", [Column("What"), Column("Which", wraps=True)], rows),
        Listing("To sweep again", f"inferplan sweep {STUDY} --out DIR"),
        Listing(STUDY, study, folded=True),
    ]
