"""A finalist as a fleet: how many, what it costs, how hard it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.planning.branch_and_bound import Ranked
from simulator.planning.brief import Brief
from simulator.planning.configuration import Configuration
from simulator.planning.examine import Examined
from simulator.planning.fleet import FleetRun
from simulator.planning.search_limits import replicas_for
from simulator.scenario.schema import Scenario

HOURS_PER_MONTH = 8766.0 / 12.0


@dataclass(frozen=True)
class Fleet:
    """Replicas of one configuration. ``scenario``: the whole fleet at its peak rate, every default filled in."""

    brief: Brief
    row: Ranked
    examined: Examined
    scenario: Scenario

    @property
    def configuration(self) -> Configuration:
        """Hardware, parallelism and formats."""
        return self.row.prospect.configuration

    @property
    def active(self) -> int:
        """Replicas that must work for the goals to hold at the design rate."""
        return self.examined.active

    @property
    def replicas(self) -> int:
        """All of them, spares included."""
        return self.active + self.brief.plan.spare_replicas

    @property
    def devices(self) -> int:
        """Accelerators of the fleet."""
        return self.replicas * self.configuration.tensor_parallel_size

    @property
    def usd_per_hour(self) -> float | None:
        """All devices are paid for, idle or not; None without a price."""
        return self.row.prospect.terms.usd_per_hour(self.replicas)

    @property
    def usd_per_month(self) -> float | None:
        """Of 730.5 hours."""
        return None if self.usd_per_hour is None else self.usd_per_hour * HOURS_PER_MONTH

    @property
    def usd_per_million_tokens(self) -> float | None:
        """Over the prompt and output tokens of the mean hour."""
        tokens = 3600.0 * self.brief.rates.mean * self.brief.demand.tokens
        return None if self.usd_per_hour is None else 1e6 * self.usd_per_hour / tokens

    @property
    def watts(self) -> float | None:
        """Of the whole facility in the mean hour; None where the device's power is not published."""
        joules, seconds = self.examined.mean.summary["facility_energy_j"], self.examined.mean.summary["duration"]
        return None if joules is None or not seconds else joules / seconds

    @property
    def joules_per_token(self) -> float | None:
        """Facility energy over prompt and output tokens in the mean hour.

        Watts over the tokens that come, as the dollars are: a run's own joules per token charge it with its drain.
        """
        tokens_per_s = self.brief.rates.mean * self.brief.demand.tokens
        return None if self.watts is None else self.watts / tokens_per_s

    @property
    def grams_per_request(self) -> float | None:
        """gCO2e per request in the mean hour: what a second emits over the requests that come in it."""
        run = self.examined.mean.summary
        found: float | None = run["gco2e_per_request"]
        return None if found is None else found * run["request_throughput"] / self.brief.rates.mean

    @property
    def objective(self) -> float:
        """What the plan minimizes, per hour."""
        return self.objective_of(self.replicas)

    def objective_of(self, replicas: int) -> float:
        """The same for another number of replicas (of power, in proportion to it)."""
        watts = None if self.watts is None else self.watts * replicas / self.replicas
        return self.row.prospect.terms.at_least(self.brief.plan.minimize, replicas, watts)

    @property
    def key(self) -> tuple[float, int, int]:
        """Better is less: objective, narrowed number formats, place in the plan."""
        assert self.row.key is not None
        return (self.objective, *self.row.key[1:])

    @property
    def carries(self) -> float:
        """Requests per second of all replicas together under the goals."""
        return self.replicas * self.examined.per_replica

    @property
    def order(self) -> tuple[float, int, float, int]:
        """Order among fleets simulated whole: as ``key``, but of equals the one that carries more is better."""
        objective, narrowed, place = self.key
        return objective, narrowed, -self.carries, place

    def replicas_at(self, rate: float, factor: float = 1.0) -> int | None:
        """Replicas (with spares) that carry a design rate when each carries ``factor`` times what it does; None where
        the goals are out of reach."""
        if factor <= 0:
            return None
        return replicas_for(rate, self.examined.per_replica * factor) + self.brief.plan.spare_replicas

    def utilisation(self, rate: float) -> float:
        """Rate over what all replicas together carry under the goals."""
        return rate / self.carries

    def figures(self, run: FleetRun) -> dict[str, Any]:
        """What a reader of a fleet's run wants to know: goals, utilisation, latencies (ms)."""
        names = (
            "median_ttft_ms", "p95_ttft_ms", "p99_ttft_ms", "median_tpot_ms", "p95_tpot_ms", "p99_tpot_ms",
            "output_throughput", "busy_share", "mfu", "mbu", "kv_cache_usage_mean", "kv_cache_usage_peak",
            "num_preemptions", "prefix_cache_hit_rate", "joules_per_token", "mean_device_power_w",
        )  # fmt: skip
        return {
            "rate_per_s": run.rate,
            "replicas": run.replicas,
            "requests_simulated": run.requests,
            "goals_met": run.met,
            "goal_values": run.values,
            "share_of_capacity": self.utilisation(run.rate),
            **{name: run.summary.get(name) for name in names},
        }
