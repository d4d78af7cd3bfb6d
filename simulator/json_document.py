"""Read a JSON file that the program or another tool wrote: one object, errors with file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.errors import InputError


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises ``InputError`` with file and line."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("does not exist", file=path) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", file=path, line=getattr(error, "lineno", None)) from None
    if not isinstance(content, dict):
        raise InputError("must hold a JSON object", file=path, value=type(content).__name__)
    return content
