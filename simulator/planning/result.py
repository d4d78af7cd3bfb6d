"""PlanResult: the fleet, why it is that one, and everything that was looked at on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.planning.branch_and_bound import Ranking
from simulator.planning.brief import Brief
from simulator.planning.capacity import Effort
from simulator.planning.configuration import Rejected
from simulator.planning.fleets import Fleet
from simulator.planning.sensitivity import Case, Certainty, cases, certainty
from simulator.planning.workbench import Prospect
from simulator.report.files import write_folder

if TYPE_CHECKING:
    from pandas import DataFrame

    from simulator.planning.charts import PlanPlots


@dataclass(frozen=True)
class PlanResult:
    """The answer to a plan.

    Attributes
    ----------
    brief: the plan, worked out: goals, rates, mean request.
    fleets: finalists, simulated whole, best first.
    ranking: every configuration that can run, with the runs its verdict took.
    unpriced: configurations left out because what is minimized is not known of them.
    rejected: configurations that cannot run, and why.
    notes: what a reader should know.
    """

    brief: Brief
    fleets: tuple[Fleet, ...]
    ranking: Ranking
    unpriced: tuple[Prospect, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]

    @property
    def winner(self) -> Fleet:
        """The best fleet."""
        return self.fleets[0]

    @property
    def runner_up(self) -> Fleet | None:
        """The second best finalist; None where there is only one."""
        return self.fleets[1] if len(self.fleets) > 1 else None

    @cached_property
    def cases(self) -> Sequence[Case]:
        """What another traffic, other lengths and other step times would change."""
        return cases(self.fleets)

    @cached_property
    def certainty(self) -> Certainty:
        """How sure the ranking is."""
        return certainty(self.fleets)

    @property
    def effort(self) -> Effort:
        """Everything that was simulated."""
        return sum((fleet.examined.effort for fleet in self.fleets), self.ranking.effort)

    @cached_property
    def candidates(self) -> DataFrame:
        """One row per configuration, best first: capacity (requests/s), replicas, $/h, the reason for its verdict."""
        import pandas as pd

        from simulator.planning.tables import candidate_rows

        return pd.DataFrame(candidate_rows(self))

    def explain(self) -> str:
        """Why this fleet, what binds, why not the runner-up, how sure; running text, a sentence group per line."""
        from simulator.planning.words import explanation

        return "\n".join(explanation(self))

    def to_json(self) -> str:
        """``plan.json``: one JSON object, documented in docs/plans.md."""
        from simulator.planning.tables import plan_json

        return plan_json(self)

    @property
    def plot(self) -> PlanPlots:
        """Charts of the plan; each method returns a matplotlib figure."""
        from simulator.planning.charts import PlanPlots

        return PlanPlots(self)

    def save(self, folder: str | Path, *, charts: bool = True) -> list[Path]:
        """Write plan.json, candidates.csv, plan.resolved.yaml, launch/ and the charts (PNG and SVG).

        Returns the files' paths. Equal plans give equal bytes. Raises ``InputError`` when it cannot be written.
        """
        from simulator.planning.charts import CHART_FILES
        from simulator.planning.folder import plan_files

        return write_folder(Path(folder), plan_files(self, charts=charts), outdated=CHART_FILES)

    def __repr__(self) -> str:
        return self.explain()

    def _repr_html_(self) -> str:
        from simulator.planning.html import plan_html

        return plan_html(self)
