"""How commands end: a user's mistake is one message and status 2, never a traceback."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from simulator.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")

USER_ERROR, INTERRUPTED, BROKEN_PIPE = 2, 130, 141


def exits_cleanly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the ends a command may come to into exit statuses.

    ``InputError`` and file system refusals: message on stderr, 2. Ctrl-C: 130. A reader that went away (``| head``):
    141, silently. Anything else is a bug and keeps its traceback.
    """

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
            return result
        except InputError as error:
            _fail(f"error: {error}", USER_ERROR)
        except KeyboardInterrupt:
            _fail("interrupted; nothing was written", INTERRUPTED)
        except BrokenPipeError:
            # Python flushes stdout once more at exit and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(BROKEN_PIPE) from None
        except OSError as error:
            where = "the output" if error.filename is None else error.filename
            _fail(f"error: {where}: {error.strerror or error}", USER_ERROR)
        raise AssertionError("unreachable")

    return wrapped


def _fail(message: str, status: int) -> None:
    print(message, file=sys.stderr)
    raise SystemExit(status) from None
