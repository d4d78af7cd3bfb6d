"""Which report a folder gets: by the file that only its kind has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulator.errors import InputError
from simulator.pages.goal_page import goal_page
from simulator.pages.plan_page import plan_page
from simulator.pages.run_page import run_page
from simulator.pages.sweep_page import sweep_page
from simulator.report.page.document import Page

KINDS: dict[str, Callable[[Path], Page]] = {
    "summary.json": run_page,
    "goal.json": goal_page,
    "sweep.json": sweep_page,
    "plan.json": plan_page,
}
"""The file a folder of each kind has -> what makes its page."""


def page_of(folder: Path) -> Page:
    """The page of a result folder. Raises ``InputError`` for a folder that holds none, or one that is not whole."""
    if not folder.is_dir():
        problem = "is a file, not a result folder" if folder.exists() else "does not exist"
        raise InputError(problem, file=folder, hint="give a folder written with --out")
    for name, build in KINDS.items():
        if (folder / name).is_file():
            try:
                return build(folder)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                problem = f"is not whole: cannot use {_what(error)}; written by another version?"
                raise InputError(problem, file=folder / name) from error
    raise InputError(f"holds no result: none of {', '.join(KINDS)}", file=folder, hint="give a folder written by --out")


def _what(error: Exception) -> str:
    return f"{error.args[0]!r}" if isinstance(error, KeyError) and error.args else str(error)
