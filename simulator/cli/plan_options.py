"""Options of ``inferplan plan`` as values of a plan file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.errors import InputError
from simulator.planning.schema import read_plan
from simulator.yaml_document import Document, Place

DEFAULT_WORKLOAD = "azure-conv-2023"
"""The traffic of a plan that stands on the command line alone and names none, as in ``inferplan init``."""

_TRACE_ENDINGS = (".csv", ".jsonl", ".json", ".gz")


@dataclass(frozen=True)
class PlanOptions:
    """What was given on the command line; None and empty = not given."""

    model: str | None
    rate: float | None
    goals: Sequence[str]
    hardware: Sequence[str]
    workload: str | None
    isl: int | None
    osl: int | None
    peak_to_mean: float | None
    headroom: float | None
    spare: int | None
    minimize: str | None
    goodput: str | None


def plan_document(words: Sequence[str], options: PlanOptions) -> Document:
    """The plan file among ``words``, if there is one, with the options' values in it; other words are goals.

    ``--goal A B`` leaves B among the words: a word with ``<`` or ``>`` is a goal. Raises ``InputError``.
    """
    goals = [*options.goals, *(word for word in words if "<" in word or ">" in word)]
    files = [word for word in words if "<" not in word and ">" not in word]
    if len(files) > 1:
        raise InputError("only one plan file can be given", file=files[1])
    document = read_plan(Path(files[0])) if files else Document({})
    hardware = [name.strip() for text in options.hardware for name in text.split(",") if name.strip()]
    given: list[tuple[str, Place, Any]] = [
        ("--model", ("model",), options.model),
        ("--rate", ("traffic", "rate_per_s"), options.rate),
        ("--goal", ("goals",), goals or None),
        ("--hardware", ("hardware",), hardware or None),
        ("--workload", ("workload",), None if options.workload is None else _workload(options.workload)),
        ("--isl", ("workload",), _fixed_lengths(options)),
        ("--peak-to-mean", ("traffic", "peak_to_mean"), options.peak_to_mean),
        ("--headroom", ("traffic", "headroom"), options.headroom),
        ("--spare", ("spare_replicas",), options.spare),
        ("--minimize", ("minimize",), options.minimize),
        ("--goodput", ("goodput",), options.goodput),
    ]
    for option, place, value in given:
        if value is not None:
            _put(document, place, value, option)
    if not files and "workload" not in document.content:
        document.content["workload"] = _workload(DEFAULT_WORKLOAD)
    return document


def _put(document: Document, place: Place, value: Any, option: str) -> None:
    inside = document.content
    for part in place[:-1]:
        if inside.get(str(part)) is None:
            inside[str(part)] = {}
        inside = inside[str(part)]
        if not isinstance(inside, dict):
            raise document.error(place[:-1], "must be a mapping", value=inside)
    inside[str(place[-1])] = value
    for known in [known for known in document.lines if known[: len(place)] == place]:
        del document.lines[known]
    document.options[place] = option


def _workload(named: str) -> Any:
    """A trace by its ending, else the name or file of a profile."""
    if Path(named).suffix in _TRACE_ENDINGS:
        return {"trace": {"path": str(Path(named).expanduser().resolve())}}
    return {"profile": {"name": named}}


def _fixed_lengths(options: PlanOptions) -> Any:
    """Poisson requests of one length; the rate is the plan's."""
    if options.isl is None and options.osl is None:
        return None
    if options.isl is None or options.osl is None:
        missing = "--isl" if options.isl is None else "--osl"
        raise InputError("is missing: a request has a prompt and an output", file=missing)
    if options.workload is not None:
        raise InputError("cannot stand beside --workload; give one of the two", file="--isl", value=options.isl)
    if options.rate is None:
        raise InputError("is missing: requests of fixed lengths come at no rate of their own", file="--rate")
    return {
        "synthetic": {
            "num_requests": 1000,
            "arrival": {"kind": "poisson", "rate_per_s": 1.0},  # the plan's rate replaces it
            "prompt_tokens": options.isl,
            "output_tokens": options.osl,
        }
    }
