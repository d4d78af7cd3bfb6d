"""The report of one run."""

from __future__ import annotations

from pathlib import Path

from simulator.pages.assumed import economics_table
from simulator.pages.origin import origin_table, settings_table
from simulator.pages.run_charts import charts
from simulator.pages.run_folder import RunFolder
from simulator.pages.run_summary import confidence, figures_sentence, first_sentence, key_figures
from simulator.pages.run_tables import latency_table, refusals_table, result_table, slowest_table
from simulator.pages.run_timeline import timeline
from simulator.pages.trust import trust_blocks
from simulator.report.figures import load_line
from simulator.report.page.document import Block, Bullets, Listing, Page, Paragraph, Section


def run_page(folder: Path) -> Page:
    """The page of a folder written by ``inferplan run --out``. Raises ``InputError``."""
    run = RunFolder.read(folder)
    summary, provenance = run.summary, run.provenance
    return Page(
        "run",
        run.title,
        asked=f"What are latency, throughput and cost of this deployment: {run.title}? {load_line(summary)}.",
        answer=f"{figures_sentence(summary)} {first_sentence(summary['diagnosis']['text'])}",
        confidence=confidence(summary, provenance),
        figures=key_figures(summary),
        sections=[
            Section("Evidence", _evidence(run)),
            Section("Assumptions", _present(settings_table(run.scenario), economics_table(summary))),
            Section("Calibration error", trust_blocks(provenance)),
            Section("Provenance", _origin(run)),
        ],
    )


def _evidence(run: RunFolder) -> list[Block]:
    summary = run.summary
    return _present(
        Paragraph(summary["diagnosis"]["text"]),
        latency_table(summary),
        result_table(summary),
        Bullets(summary["notes"]) if summary["notes"] else None,
        *charts(run, timeline(run)),
        slowest_table(run),
        refusals_table(run),
    )


def _origin(run: RunFolder) -> list[Block]:
    seeds = ", ".join(str(seed) for seed in run.summary["seeds"])
    several = "; tables and charts: the first one only" if len(run.summary["seeds"]) > 1 else ""
    return [
        origin_table(run.provenance, {"Seeds": f"{seeds}{several}"}),
        Listing(
            "To run it again", f"inferplan run scenario.resolved.yaml --seeds {len(run.summary['seeds'])} --out DIR"
        ),
        Listing("scenario.resolved.yaml", run.text, folded=True),
    ]


def _present(*blocks: Block | None) -> list[Block]:
    return [block for block in blocks if block is not None]
