"""The runs under any host terms: simulated on several processes, and no more often than needed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from calibration.engine_fit.observations import NOISE
from calibration.engine_fit.parameters import PARAMETERS, Vector, with_vector
from simulator.cost.step_cost import ReadableStepCost
from simulator.models.spec import ModelSpec
from simulator.operators.features import StepFeatures
from simulator.validation.case import Case
from simulator.validation.prepared import PreparedCase, prepare
from simulator.validation.workers import map_tasks

Figures = dict[str, float]
Task = tuple[PreparedCase, Vector]

_SHORT_RUN = 2500
"""Requests of a run from which derivatives are taken."""


def _run(task: Task) -> Figures:
    """One simulation of one case under these terms."""
    prepared, values = task
    prepared = prepared.with_engine(with_vector(prepared.engine, values))
    figures = prepared.prediction(prepared.simulate(prepared.cost())).figures
    return {metric: figures[metric] for metric in NOISE if metric in figures}


class Simulations:
    """Metrics of the cases as a function of the fitted terms.

    Cases that differ in their measurements only are simulated once; so is a case whose step costs a changed term does
    not touch (the sampler of a run without top-p, the all-reduce of one device).
    """

    def __init__(self, cases: Sequence[Case], models: Mapping[str, ModelSpec], workers: int | None) -> None:
        self._workers = workers
        distinct, self._place = _distinct(cases)
        self._prepared = [prepare(case, models) for case in distinct]
        self._short = [prepare(shortened(case), models) for case in distinct]

    def figures(self, values: Vector) -> list[Figures]:
        """Metrics of every case."""
        return self.figures_apart([values] * len(self._place))

    def figures_apart(self, values: Sequence[Vector]) -> list[Figures]:
        """Metrics of every case, each under terms of its own; equal runs must have equal terms."""
        of_run = dict(zip(self._place, values, strict=True))
        places = sorted(of_run)
        found = dict(zip(places, self._simulate([(self._prepared[at], of_run[at]) for at in places]), strict=True))
        return [found[place] for place in self._place]

    def derivatives(self, values: Vector) -> list[list[Figures]]:
        """d log(metric) / d term of every case, one term after the other; empty where the term has no say.

        Taken from the first part of long runs: a derivative need not be known as well as the metric itself.
        """
        tasks: list[Task] = [(short, values) for short in self._short]
        keys: list[tuple[int, int]] = []
        for column in range(len(PARAMETERS)):
            changed = _changed(values, column)
            for place, short in enumerate(self._short):
                if _touches(short, values, changed):
                    tasks.append((short, changed))
                    keys.append((column, place))
        run = self._simulate(tasks)
        before, after = run[: len(self._short)], dict(zip(keys, run[len(self._short) :], strict=True))
        slopes = {
            (column, place): _slopes(before[place], figures, PARAMETERS[column].step)
            for (column, place), figures in after.items()
        }
        return [[slopes.get((column, place), {}) for place in self._place] for column in range(len(PARAMETERS))]

    def _simulate(self, tasks: Sequence[Task]) -> list[Figures]:
        return list(map_tasks(_run, tasks, self._workers))


def shortened(case: Case) -> Case:
    """The case with its load stages cut to about ``_SHORT_RUN`` requests in all, at the same rates."""
    stages = case.workload.stages
    requests = sum(stage.qps * stage.duration_s for stage in stages)
    if requests <= _SHORT_RUN:
        return case
    share = _SHORT_RUN / requests
    cut = tuple(replace(stage, duration_s=share * stage.duration_s) for stage in stages)
    return replace(case, workload=replace(case.workload, stages=cut))


def _slopes(before: Figures, after: Figures, step: float) -> Figures:
    return {metric: float(np.log(after[metric] / before[metric])) / step for metric in before}


def _changed(values: Vector, column: int) -> Vector:
    """``values`` with one of them larger by its finite-difference step."""
    changed = values.copy()
    changed[column] += PARAMETERS[column].step
    return changed


def _distinct(cases: Sequence[Case]) -> tuple[list[Case], list[int]]:
    """Cases with different runs, and the place of every case's run among them."""
    bare: list[Case] = []
    place = []
    for case in cases:
        alike = replace(case, id="", quality="A", measured={}, stage_measured=(), score_metrics=None)
        if alike not in bare:
            bare.append(alike)
        place.append(bare.index(alike))
    return [cases[place.index(index)] for index in range(len(bare))], place


def _touches(prepared: PreparedCase, values: Vector, changed: Vector) -> bool:
    """Whether the changed terms show in a decode step, in a mixed one, or in what the client sees."""
    before = prepared.with_engine(with_vector(prepared.engine, values))
    after = prepared.with_engine(with_vector(prepared.engine, changed))
    if before.engine.api_delivery_s != after.engine.api_delivery_s:
        return True
    first, second = (ReadableStepCost(one.setup.deployment) for one in (before, after))
    return any(not math.isclose(first.seconds(step), second.seconds(step), rel_tol=1e-12) for step in _probes())


def _probes() -> list[StepFeatures]:
    """A decode step of 16 sequences, and the same with a newly admitted prompt of 256 tokens beside it."""
    decodes = {"decode_seqs": 16, "decode_queries": 16, "decode_kv": 16_000}
    mixed = StepFeatures(tokens=272, sampled=17, admitted=1, **decodes)
    mixed.add_chunk(256, 0)
    return [StepFeatures(tokens=16, sampled=16, **decodes), mixed]
