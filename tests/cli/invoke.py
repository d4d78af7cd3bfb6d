"""Call the command in this process, as a shell would see it."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

from simulator.cli.main import app


@dataclass(frozen=True)
class Outcome:
    """Exit status, standard output, standard error."""

    status: int
    out: str
    err: str


def inferplan(*arguments: object) -> Outcome:
    """``inferplan ARGUMENTS``; an exception that would print a traceback is raised."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app([str(argument) for argument in arguments], prog_name="inferplan")
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
    return Outcome(status, out.getvalue(), err.getvalue())
