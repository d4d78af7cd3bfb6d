"""One kind of replica on the test bench: what it costs, what it can carry at most, and runs of it at any load."""

from __future__ import annotations

from dataclasses import replace

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.scaled import ScaledStepCost
from simulator.energy.rules import EconomicsRules
from simulator.engine.fit import check_config
from simulator.errors import InputError
from simulator.hardware.profile import HardwareProfile
from simulator.planning.bounds import largest_rate
from simulator.planning.brief import Brief
from simulator.planning.configuration import Configuration, Limits
from simulator.planning.mix import ScaledLengths
from simulator.scenario.schema import Scenario
from simulator.study.probe import Prober
from simulator.wiring import Wiring, wire


class Replica:
    """A configuration, wired once per engine limits; all of them share the tables of step times.

    Raises ``InputError`` where the configuration cannot run: heads that do not divide, memory too small.
    """

    def __init__(self, brief: Brief, configuration: Configuration) -> None:
        self.brief, self.configuration = brief, configuration
        self._wired: dict[Limits, Wiring] = {}
        first = self.wiring(Limits())
        self._check_longest(first)
        engine = first.engine
        self.cost = CompiledStepCost(first.deployment, max_num_batched_tokens=engine.max_num_batched_tokens)

    @property
    def device(self) -> HardwareProfile:
        """The accelerator, as the plan's ``economics`` runs it."""
        return self.wiring(Limits()).deployment.hardware

    @property
    def rules(self) -> EconomicsRules:
        """Price, power, overhead and carbon of it."""
        return self.brief.economics(self.configuration).rules()

    def wiring(self, limits: Limits) -> Wiring:
        """Deployment, memory and engine under the limits."""
        if limits not in self._wired:
            first = self._wired.get(Limits())
            if first is None or first.memory.max_sequences is not None:  # memory follows the number of sequences
                self._wired[limits] = wire(self._scenario(limits))
            else:
                self._wired[limits] = _under(limits, first)
        return self._wired[limits]

    def _scenario(self, limits: Limits) -> Scenario:
        return self.brief.scenario(self.configuration, limits, self.brief.plan.search.requests)

    def limits(self) -> list[Limits]:
        """The plan's engine limits, each outcome once: vLLM's own choice is left out where it is also written."""
        found: dict[tuple[int, int], Limits] = {}
        for limits in self.brief.limits():
            engine = self.wiring(limits).engine
            found.setdefault((engine.max_num_seqs, engine.max_num_batched_tokens), limits)
        return list(found.values())

    def bound(self, limits: Limits) -> float:
        """Requests per second it cannot exceed (``planning.bounds``)."""
        wiring = self.wiring(limits)
        return largest_rate(wiring.deployment, wiring.memory, wiring.engine, self.cost, self.brief.demand)

    def prober(
        self,
        limits: Limits,
        requests: int,
        *,
        low: float | None = None,
        replicas: int = 1,
        length_factor: float = 1.0,
        step_factor: float = 1.0,
    ) -> Prober:
        """Runs of ``replicas`` of them at any rate, with texts and steps longer by a factor."""
        wiring = self.wiring(limits)
        wiring = replace(wiring, scenario=wiring.scenario.replacing(replicas=replicas))
        load = self.brief.load(requests, low)
        return Prober(
            wiring.scenario,
            load if length_factor == 1.0 else ScaledLengths(load, length_factor),
            self.brief.goals,
            self.brief.objectives,
            wiring=wiring,
            cost=self.cost if step_factor == 1.0 else ScaledStepCost(self.cost, step_factor),
        )

    def _check_longest(self, wiring: Wiring) -> None:
        longest, room = self.brief.demand.longest, wiring.engine.max_model_len
        if longest > room:
            memory = wiring.memory.max_tokens
            what = "the KV cache holds" if room >= memory else "max_model_len is"
            raise InputError(f"the longest request needs {longest:,} tokens; {what} {room:,}", path="workload")


def _under(limits: Limits, first: Wiring) -> Wiring:
    """The wiring with other limits of the engine, all else the same."""
    chosen = {name: value for name, value in vars(limits).items() if value is not None}
    engine = replace(first.engine, **chosen)
    check_config(engine)
    section = first.scenario.engine.model_copy(update=chosen)
    return replace(first, scenario=first.scenario.replacing(engine=section), engine=engine)
