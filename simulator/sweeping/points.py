"""Points: every combination of a study's settings, each a whole scenario with an id of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from typing import Any

from simulator.cost.engine_profile import load_engine
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.models.catalog import load_model
from simulator.scenario.overrides import assign, place_of
from simulator.scenario.schema import Scenario
from simulator.sweeping.axes import Axis, Setting
from simulator.sweeping.identity import Identities
from simulator.sweeping.keys import LOADS
from simulator.sweeping.loads import Loads
from simulator.sweeping.study import Study
from simulator.wiring import DeploymentChoice
from simulator.workload.profiles import load_profile
from simulator.yaml_document import Document

MOST_POINTS = 100_000


@dataclass(frozen=True)
class Point:
    """One run of a sweep (with several seeds: one mean of runs).

    ``index``: place in the plan. ``set``: dotted key -> value. ``scenario``: plain data; ``files``: digests of the
    files it refers to. ``problem``: why it cannot be run. ``group``: equal for points with the same deployment.
    """

    index: int
    id: str
    set: dict[str, Any]
    scenario: dict[str, Any]
    seeds: int
    files: tuple[str, ...] = ()
    problem: str | None = None
    group: str = ""


def expand(study: Study) -> list[Point]:
    """All points in the order of the plan, the last axis turning fastest; the same points every time.

    A combination that asks the same as an earlier one is left out.

    Raises ``InputError`` for a value under which no point at all can be run: that is a slip of the pen, while a
    combination that cannot be run is a finding (``problem``).
    """
    if not study.axes:
        hint = "add axes under sweep:, or --set KEY=A,B,C"
        raise InputError("nothing is varied: there is no axis", file=study.scenario.file, hint=hint)
    if study.size > MOST_POINTS:
        raise InputError(f"gives {study.size:,} points; at most {MOST_POINTS:,}", path="sweep")
    maker = _PointMaker(study)
    points: dict[str, Point] = {}
    unusable = _Unusable(study.axes)
    for combination in product(*(range(len(axis.settings)) for axis in study.axes)):
        point, error = maker.point(len(points), combination)
        unusable.saw(combination, error)
        points.setdefault(point.id, point)
    unusable.refuse()
    return list(points.values())


class _PointMaker:
    def __init__(self, study: Study) -> None:
        self._study = study
        self._loads, self._identities, self._names = Loads(), Identities(), _Names()

    def point(self, index: int, combination: Sequence[int]) -> tuple[Point, InputError | None]:
        """The point, and what keeps it from being run."""
        chosen = [axis.settings[at] for axis, at in zip(self._study.axes, combination, strict=True)]
        sources = [axis.sources[at] for axis, at in zip(self._study.axes, combination, strict=True)]
        settings = {key: value for setting in chosen for key, value in setting.items()}
        content, error = deepcopy(self._study.scenario.content), None
        group = ""
        try:
            scenario = self._scenario(content, chosen, sources)
            self._names.check(scenario)
            whole = scenario.model_dump(mode="json")
            identity, files = self._identified(scenario, whole)
            content, group = whole, repr(DeploymentChoice.of(scenario))
        except InputError as found:
            error, content = found, {"base": content, "set": settings}
            identity, files = self._identities.of(content, self._study.seeds)
        problem = None if error is None else _unplaced(error)
        return Point(index, identity, settings, content, self._study.seeds, files, problem, group), error

    def _identified(self, scenario: Scenario, content: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        try:
            return self._identities.of(content, self._study.seeds)
        except InputError as error:
            raise scenario.located(error) from None

    def _scenario(self, content: dict[str, Any], chosen: Iterable[Setting], sources: Iterable[str]) -> Scenario:
        base = self._study.scenario
        document = Document(content, base.file, dict(base.lines), dict(base.options))
        loads: dict[str, Any] = {}
        for setting, source in zip(chosen, sources, strict=True):
            for key, value in setting.items():
                if key in LOADS:
                    loads[key] = value
                    document.options[(key,)] = source
                else:
                    assign(document, place_of(key), deepcopy(value), source)
        scenario = Scenario(document, **document.content)
        try:
            return self._loads.applied(scenario, loads) if loads else scenario
        except InputError as error:
            raise scenario.located(error) from None


def _unplaced(error: InputError) -> str:
    """The message without file and line: a row says the same whichever file its study was read from."""
    return str(InputError(error.problem, path=error.path, value=error.value, hint=error.hint))


class _Names:
    """Whether names lead anywhere, each looked up once: a misspelt device is no finding of a sweep."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], InputError | None] = {}

    def check(self, scenario: Scenario) -> None:
        """Raise ``InputError`` for an unknown model, device, engine profile or workload profile."""
        spec = scenario.workload_spec()
        loaders: tuple[tuple[str, str, Callable[[str], object]], ...] = (
            ("model", scenario.model, load_model),
            ("hardware", scenario.hardware, load_hardware),
            ("engine.profile", scenario.engine.profile, load_engine),
            *((("workload.profile.name", spec.profile.name, load_profile),) if spec.profile else ()),
        )
        for key, name, load in loaders:
            if (key, name) not in self._known:
                try:
                    load(name)
                    self._known[key, name] = None
                except InputError as error:
                    self._known[key, name] = error
            found = self._known[key, name]
            if found is not None:
                raise scenario.located(found)


class _Unusable:
    """Settings under which no point seen so far can be run, and why."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._left: list[dict[int, InputError | None]] = [dict.fromkeys(range(len(axis.settings))) for axis in axes]

    def saw(self, combination: Sequence[int], error: InputError | None) -> None:
        """Take note of one point."""
        for left, at in zip(self._left, combination, strict=True):
            if error is None:
                left.pop(at, None)
            elif at in left and left[at] is None:
                left[at] = error

    def refuse(self) -> None:
        """Raise the first such setting's error; of an axis all of whose settings fail, another one is to blame."""
        for left in sorted(self._left, key=len):
            for error in left.values():
                if error is not None:
                    raise error
