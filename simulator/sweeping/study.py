"""Study: a scenario and the axes along which it is varied, from a file or from Python.

A study file holds ``scenario`` (path of a scenario file, or the scenario itself), ``sweep`` (axes, all combinations of
them), ``sample`` (drawn settings, combined with the axes) and, as wanted, ``seeds`` (runs per point, averaged),
``best`` (metric that ranks the points) and ``title``. A plain scenario file with axes on the command line is a study,
too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError, did_you_mean
from simulator.scenario.overrides import apply_overrides, split_assignment
from simulator.scenario.paths import anchor_paths
from simulator.scenario.schema import Scenario
from simulator.sweeping.axes import Axis, Setting, axis_of, check_apart
from simulator.sweeping.keys import LOADS
from simulator.sweeping.sampling import sampled_axis
from simulator.sweeping.spacing import SPACINGS
from simulator.yaml_document import Document, parse_yaml, read_document


class _NoAliases(yaml.SafeDumper):
    """Writes equal values out each time: our reader refuses anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_KEYS = ("title", "scenario", "sweep", "sample", "seeds", "best")


@dataclass(frozen=True)
class Study:
    """What a sweep is asked.

    ``scenario``: the base as it was written, with absolute paths. ``axes``: what varies. ``seeds``: runs of each point
    with consecutive seeds, whose metrics are averaged. ``best``: metric that ranks the points, None = the usual one.
    """

    title: str
    scenario: Document
    axes: tuple[Axis, ...]
    seeds: int = 1
    best: str | None = None

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise InputError("must be at least 1", path="seeds", value=self.seeds)
        check_apart(self.axes)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every dotted key that is set, in the order of the axes."""
        return tuple(key for axis in self.axes for key in axis.keys)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the axes."""
        return tuple(axis.note for axis in self.axes if axis.note)

    @property
    def size(self) -> int:
        """Combinations of the axes' settings."""
        size = 1
        for axis in self.axes:
            size *= len(axis.settings)
        return size

    def to_yaml(self) -> str:
        """The study as a file that gives the same points: every axis listed, drawn ones too."""
        sweep = {axis.key: axis.values for axis in self.axes}
        content = {"title": self.title, "scenario": self.scenario.content, "sweep": sweep, "seeds": self.seeds}
        if self.best is not None:
            content["best"] = self.best
        return yaml.dump(content, Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=120)


def read_study(path: Path, overrides: Iterable[str] = (), *, seeds: int | None = None) -> Study:
    """Read a study or scenario file. ``overrides``: ``KEY=VALUE`` changes the scenario, ``KEY=A,B,C`` adds an axis, or
    replaces the one of that key. Raises ``InputError``."""
    document = read_document(path)
    title = path.stem.removesuffix(".resolved")
    if "scenario" in document.content or not {"model", "workload"} & document.content.keys():
        study = _from_study(document, title)
    elif stray := {"sweep", "sample"} & document.content.keys():
        rule = "belongs into a study: put model, hardware, workload and the like under scenario:"
        raise document.error((min(stray),), rule)
    else:
        study = Study(title, _anchored(document), ())
    study = _with_overrides(study, overrides)
    return study if seeds is None else replace(study, seeds=seeds)


def study_of(
    scenario: Scenario | Mapping[str, Any], axes: Mapping[str, Any], *, seeds: int = 1, title: str = "sweep"
) -> Study:
    """A study from Python: ``{"engine.max_num_seqs": [64, 128], "rate": {"linspace": [1, 20, 5]}}``; a list of mappings
    under a name of its own moves several keys together, ``"sample"`` draws. Raises ``InputError``."""
    if not isinstance(axes, Mapping):
        rule = "must map dotted keys to values, such as {'engine.max_num_seqs': [64, 128]}"
        raise InputError(rule, path="axes", value=axes)
    content = scenario.model_dump(mode="json") if isinstance(scenario, Scenario) else deepcopy(dict(scenario))
    base = _anchored(Document(content))
    plain = {key: list(value) if isinstance(value, tuple | range) else value for key, value in axes.items()}
    found = _axes(Document(plain), ())
    return Study(title, base, tuple(_anchored_axis(axis, Path.cwd()) for axis in found), seeds)


def _from_study(document: Document, title: str) -> Study:
    content, folder = document.content, _folder(document)
    for key in content:
        if key not in _KEYS:
            rule = f"is not a known key of a study; known: {', '.join(_KEYS)}"
            raise document.error((key,), rule, hint=did_you_mean(key, _KEYS))
    scenario = content.get("scenario")
    if isinstance(scenario, str):
        base = _anchored(read_document(folder / Path(scenario).expanduser()))
    elif isinstance(scenario, dict):
        base = _anchored(document.inside("scenario"))
    else:
        rule = "must be the path of a scenario file, or a scenario"
        raise document.error(("scenario",), rule, value="nothing" if scenario is None else scenario)
    axes: tuple[Axis, ...] = ()
    sweep = content.get("sweep")
    if sweep is not None:
        if not isinstance(sweep, dict):
            raise document.error(("sweep",), "must be a mapping of dotted keys to lists of values", value=sweep)
        axes = _axes(Document(sweep, document.file, document.lines), ("sweep",))
    if content.get("sample") is not None:
        axes = (*axes, sampled_axis(content["sample"], document, ("sample",)))
    return Study(
        title=_text("title", document) or title,
        scenario=base,
        axes=tuple(_anchored_axis(axis, folder) for axis in axes),
        seeds=_seeds(document),
        best=_text("best", document),
    )


def _text(key: str, document: Document) -> str | None:
    value = document.content.get(key)
    if isinstance(value, dict | list):
        raise document.error((key,), "must be text", value=value)
    return None if value is None else str(value)


def _seeds(document: Document) -> int:
    value = document.content.get("seeds", 1)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise document.error(("seeds",), "must be a whole number >= 1", value=value)
    return value


def _axes(document: Document, place: tuple[str, ...]) -> tuple[Axis, ...]:
    """Axes of a mapping; ``sample`` among them is drawn."""
    found = []
    for key, value in document.content.items():
        here = (*place, key)
        is_sample = key == "sample" and isinstance(value, dict)
        found.append(sampled_axis(value, document, here) if is_sample else axis_of(key, value, document, here))
    return tuple(found)


def _with_overrides(study: Study, overrides: Iterable[str]) -> Study:
    axes = {axis.key: axis for axis in study.axes}
    for assignment in overrides:
        key, text = split_assignment(assignment)
        option = f"--set {assignment}"
        values = parse_yaml(f"[{text}]", option)
        one = values[0] if len(values) == 1 else None
        spacing = isinstance(one, dict) and bool(one.keys() & SPACINGS.keys())
        if len(values) == 1 and not spacing and key not in LOADS:
            apply_overrides(study.scenario, [assignment])
            axes = {name: axis for name, axis in axes.items() if axis.keys != (key,)}
            continue
        axis = axis_of(key, one if spacing else values, Document({}, options={(): option}), (key,))
        axes[axis.key] = _anchored_axis(axis, Path.cwd())
    return replace(study, axes=tuple(axes.values()))


def _anchored(document: Document) -> Document:
    """The document with absolute paths, and its workload as a mapping, so that single keys of it can be set."""
    workload = document.content.get("workload")
    if isinstance(workload, str):
        document.content["workload"] = {"profile": {"name": workload}}
    anchor_paths(document.content, _folder(document))
    return document


def _anchored_axis(axis: Axis, folder: Path) -> Axis:
    """The axis with absolute paths among its values."""
    return replace(axis, settings=tuple(_anchored_setting(setting, folder) for setting in axis.settings))


def _anchored_setting(setting: Setting, folder: Path) -> Setting:
    anchored: dict[str, Any] = {}
    for key, value in setting.items():
        *parents, last = key.split(".")
        inner: dict[str, Any] = {last: deepcopy(value)}
        content: dict[str, Any] = inner
        for parent in reversed(parents):
            content = {parent: content}
        anchor_paths(content, folder)
        anchored[key] = inner[last]
    return anchored


def _folder(document: Document) -> Path:
    return Path.cwd() if document.file is None else document.file.parent
