"""The work of a plan in pieces that another process can do: bound, search or examine one configuration.

Replicas are built once per process and configuration. Answers do not depend on which process gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.planning.brief import Brief
from simulator.planning.configuration import Configuration, Rejected
from simulator.planning.examine import Examined, examine, facility_watts
from simulator.planning.objective import Terms
from simulator.planning.replica import Replica
from simulator.planning.schema import Plan
from simulator.planning.search_limits import Found, Tried, search_limits
from simulator.validation.workers import Mapped


@dataclass(frozen=True)
class Prospect:
    """A configuration that can run: the most one replica could carry (requests/s, any limits; infinite where no bound
    is known), and its terms."""

    configuration: Configuration
    bound: float
    terms: Terms
    device: str

    @property
    def known_bound(self) -> float | None:
        """The bound, where there is one."""
        return self.bound if isfinite(self.bound) else None


@dataclass(frozen=True)
class Searched:
    """What the search of a configuration found; ``watts``: of the facility in the mean hour, where they decide."""

    found: Found
    watts: float | None


class Workbench:
    """Does the pieces in this process."""

    def __init__(self, plan: Plan) -> None:
        self.brief = Brief(plan)
        self._replicas: dict[Configuration, Replica] = {}

    def replica(self, configuration: Configuration) -> Replica:
        """The replica, built when first asked for."""
        if configuration not in self._replicas:
            self._replicas[configuration] = Replica(self.brief, configuration)
        return self._replicas[configuration]

    def prospect(self, configuration: Configuration) -> Prospect | Rejected:
        """Bound and terms, or why it cannot run."""
        try:
            replica = self.replica(configuration)
        except InputError as error:
            hint = f" ({error.hint})" if error.hint else ""
            device = load_hardware(configuration.hardware).name
            return Rejected(configuration, device, f"{_about(error)}{error.problem}{hint}")
        bound = max(replica.bound(limits) for limits in replica.limits())
        return Prospect(configuration, bound, Terms.of(replica), replica.device.name)

    def search(self, configuration: Configuration, most: int | None) -> Searched:
        """The best engine limits with at most ``most`` active replicas."""
        replica, plan = self.replica(configuration), self.brief.plan
        found = search_limits(replica, most)
        if found.best is None or found.replicas is None or plan.minimize not in ("energy", "carbon"):
            return Searched(found, None)
        return Searched(found, facility_watts(replica, found.best.limits, found.replicas + plan.spare_replicas))

    def examine(self, configuration: Configuration, best: Tried) -> Examined:
        """A finalist: whole fleets, sensitivity, bands."""
        return examine(self.replica(configuration), best)


def _about(error: InputError) -> str:
    """The key a message is about, where it does not name it."""
    key = (error.path or "").rsplit(".", 1)[-1]
    return f"{key} " if error.problem.startswith(("must", "cannot", "is ", "has ")) and key else ""


class Bench(Protocol):
    """What the search needs done."""

    def prospects(self, configurations: Sequence[Configuration]) -> Iterator[Prospect | Rejected]: ...
    def searches(self, asked: Sequence[tuple[Configuration, int | None]]) -> Iterator[Searched]: ...
    def examined(self, asked: Sequence[tuple[Configuration, Tried]]) -> Iterator[Examined]: ...


class Workers:
    """Spreads the pieces over what ``mapped`` maps with; ``local`` does them here."""

    def __init__(self, local: Workbench, mapped: Mapped) -> None:
        self._local, self._mapped = local, mapped
        self._content = local.brief.plan.model_dump()

    def prospects(self, configurations: Sequence[Configuration]) -> Iterator[Prospect | Rejected]:
        """In the order asked."""
        return self._do("prospect", [(one,) for one in configurations])

    def searches(self, asked: Sequence[tuple[Configuration, int | None]]) -> Iterator[Searched]:
        """In the order asked."""
        return self._do("search", asked)

    def examined(self, asked: Sequence[tuple[Configuration, Tried]]) -> Iterator[Examined]:
        """In the order asked."""
        return self._do("examine", asked)

    def _do(self, piece: str, arguments: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        if self._mapped is map:
            return (getattr(self._local, piece)(*one) for one in arguments)
        return iter(self._mapped(_apart, [(self._content, piece, one) for one in arguments]))


def _apart(task: tuple[dict[str, Any], str, tuple[Any, ...]]) -> Any:
    """One piece in a worker process."""
    content, piece, arguments = task
    return getattr(Workbench(Plan(**content)), piece)(*arguments)
