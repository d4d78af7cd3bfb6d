"""Which cases of a file an engine is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.errors import InputError, did_you_mean
from simulator.validation.case import Case
from simulator.validation.engines import profile_of
from simulator.validation.read import read_cases
from simulator.validation.unsupported import Unsupported


def chosen_cases(path: Path, groups: Sequence[str], engine: str) -> list[Case]:
    """Cases of quality A and B of these groups that run with that engine profile.

    Raises ``InputError`` for a group the file does not have, or when no case is left.
    """
    cases = read_cases(path)
    known = list(dict.fromkeys(case.group for case in cases))
    for group in groups:
        if group not in known:
            hint = did_you_mean(group, known)
            raise InputError(f"must be of {', '.join(known)}", path="--groups", value=group, hint=hint)
    chosen = [case for case in cases if case.group in groups and case.quality != "C" and _profile(case) == engine]
    if not chosen:
        raise InputError(f"no case of quality A or B in {', '.join(groups) or 'no group'} runs on {engine}", file=path)
    return chosen


def _profile(case: Case) -> str | None:
    try:
        return profile_of(case).name
    except Unsupported:
        return None
