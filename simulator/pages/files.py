"""The two files of a report."""

from __future__ import annotations

from pathlib import Path

from simulator.pages.kinds import page_of
from simulator.report.page.html import html
from simulator.report.page.markdown import markdown


def report_texts(folder: Path) -> tuple[str, str]:
    """HTML and Markdown of a result folder; equal folders give equal texts. Raises ``InputError``."""
    page = page_of(folder)
    return html(page), markdown(page)
