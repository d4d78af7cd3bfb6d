"""The load as an axis: ``rate`` and ``max_concurrency`` written into whatever workload a scenario has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.errors import InputError
from simulator.scenario.mirror import plain
from simulator.scenario.schema import Scenario
from simulator.study.load import at_multiple
from simulator.sweeping.keys import CONCURRENCY, RATE
from simulator.workload.arrivals import ClosedLoopArrivals
from simulator.workload.generate import generate
from simulator.workload.spec import WorkloadSpec


class Loads:
    """Scenarios under other loads; the own rate of a workload is found once (a trace has to be read for it)."""

    def __init__(self) -> None:
        self._own_rates: dict[tuple[str, int], float] = {}

    def applied(self, scenario: Scenario, loads: dict[str, Any]) -> Scenario:
        """The scenario under ``loads`` (keys of ``keys.LOADS``). Raises ``InputError`` where its workload has none."""
        spec = scenario.workload_spec()
        if CONCURRENCY in loads:
            spec = _closed_loop(spec, loads[CONCURRENCY])
        if RATE in loads:
            rate = _positive(RATE, loads[RATE])
            at_multiple(spec, 1.0)  # says what has no rate
            spec = at_multiple(spec, rate / self._own_rate(spec, scenario.run.seed))
        content = scenario.model_dump(mode="json")
        return Scenario(**{**content, "workload": plain(spec)})

    def _own_rate(self, spec: WorkloadSpec, seed: int) -> float:
        key = (repr(spec), seed)
        if key not in self._own_rates:
            own = generate(spec, seed).offered_rate_per_s
            if not own:
                raise InputError("has no arrival rate: everything is sent at once", path="workload")
            self._own_rates[key] = own
        return self._own_rates[key]


def _closed_loop(spec: WorkloadSpec, concurrency: Any) -> WorkloadSpec:
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
        raise InputError("must be a whole number >= 1", path=CONCURRENCY, value=concurrency)
    if spec.synthetic is not None:
        return replace(spec, synthetic=replace(spec.synthetic, arrival=_loop(spec.synthetic.arrival, concurrency)))
    if spec.profile is not None:
        return replace(spec, profile=replace(spec.profile, arrival=_loop(spec.profile.arrival, concurrency)))
    kinds = "a synthetic workload or a profile"
    raise InputError(f"needs {kinds}: recorded requests keep their times", path=CONCURRENCY, value=concurrency)


def _loop(arrival: object, concurrency: int) -> ClosedLoopArrivals:
    """A closed loop; users go on thinking as long as they did."""
    think_s = arrival.think_time_s if isinstance(arrival, ClosedLoopArrivals) else 0.0
    return ClosedLoopArrivals(max_concurrency=concurrency, think_time_s=think_s)


def _positive(key: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e12:
        raise InputError("must be a number > 0 (requests per second)", path=key, value=value)
    return float(value)
