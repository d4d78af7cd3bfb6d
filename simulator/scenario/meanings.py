"""What the keys of a section mean: read from the docstring of its class, so that they are written down once.

The house style of docstrings is the source::

    Attributes
    ----------
    max_num_seqs: sequences that run at once.
    rate_per_s, burstiness: ...
"""

from __future__ import annotations

import re
from functools import cache
from inspect import cleandoc

_HEADING = re.compile(r"^Attributes\n-+\n", re.MULTILINE)
_ENTRY = re.compile(r"^(\w+(?:, \w+)*): (.*)")


@cache
def meanings(documented: type) -> dict[str, str]:
    """Meaning by key, each on one line, as a reader of YAML says it; empty where the docstring lists none."""
    parts = _HEADING.split(cleandoc(documented.__doc__ or ""), maxsplit=1)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in parts[1].splitlines() if len(parts) > 1 else []:
        entry = _ENTRY.match(line)
        if not line.strip():
            break
        if entry is not None:
            names = entry[1].split(", ")
            found |= dict.fromkeys(names, _plain(entry[2]))
        else:
            found |= {name: f"{found[name]} {_plain(line.strip())}" for name in names}
    return found


@cache
def summary(documented: type) -> str:
    """The first paragraph of the docstring on one line."""
    first = _HEADING.split(cleandoc(documented.__doc__ or ""), maxsplit=1)[0].strip().split("\n\n")[0]
    return _plain(" ".join(first.split()))


def _plain(text: str) -> str:
    return re.sub(r"\bNone\b", "null", text.replace("``", "`"))
