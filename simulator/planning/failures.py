"""When there is no fleet: one message that says what stands in the way, and what would help."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.errors import InputError
from simulator.planning.branch_and_bound import Ranked
from simulator.planning.capacity import unloaded
from simulator.planning.configuration import Rejected
from simulator.planning.schema import Plan
from simulator.planning.workbench import Prospect, Workbench
from simulator.study.goals import Goal


def nothing_fits(plan: Plan, rejected: Sequence[Rejected]) -> InputError:
    """No configuration can run: the reason of the largest of each hardware."""
    rule = "holds no fleet that can run this model:\n  " + "\n  ".join(nearest(rejected))
    return plan.document.error(("hardware",), rule)


def nearest(rejected: Sequence[Rejected]) -> list[str]:
    """Of each device one reason: that of the largest configuration memory is too small for, else of the last."""
    last: dict[str, Rejected] = {}
    for one in rejected:
        other = last.get(one.device)
        small = "does not fit" in one.reason
        if other is None or small or "does not fit" not in other.reason:
            last[one.device] = one
    return [f"{device}: {one.reason}" for device, one in last.items()]


def nothing_priced(plan: Plan, prospects: Sequence[Prospect]) -> InputError:
    """What is minimized is known of no hardware."""
    names = ", ".join(dict.fromkeys(one.device for one in prospects))
    if plan.minimize == "cost":
        name = prospects[0].configuration.hardware
        hint = (
            f"give one: prices: {{{name}: {{usd_per_device_hour: 2.5, terms: rental, basis: my contract, "
            "as_of: 2026-01}}; or minimize devices or energy"
        )
        return plan.document.error(("prices",), f"are not known for {names}", hint=hint)
    rule = f"needs watts, which are not published for {names}"
    return plan.document.error(("minimize",), rule, value=plan.minimize, hint="state economics.power.max_w")


def out_of_reach(local: Workbench, rows: Sequence[Ranked]) -> InputError:
    """No rate meets the goals on any configuration: how near a single request comes, with a replica to itself."""
    brief, best = local.brief, dict[str, tuple[float, str]]()
    for row in rows:
        configuration = row.prospect.configuration
        replica = local.replica(configuration)
        for goal in brief.goals:
            value = unloaded(replica, replica.limits()[0])[goal.text]
            name = f"{configuration.tensor_parallel_size} x {row.prospect.device}"
            if value is not None and (goal.text not in best or _better(goal, value, best[goal.text][0])):
                best[goal.text] = (value, name)
    reached = [f"{goal.text}: {_shown(goal, *best[goal.text])}" for goal in brief.goals if goal.text in best]
    rule = "cannot be met by any candidate, not even by requests that come one at a time; best reachable:\n  "
    return brief.plan.document.error(("goals",), rule + "\n  ".join(reached))


def _better(goal: Goal, value: float, other: float) -> bool:
    return value < other if goal.is_latency else value > other


def _shown(goal: Goal, value: float, name: str) -> str:
    met = "met" if goal.holds(value) else "missed"
    amount = f"{1e3 * value:.4g} ms" if goal.is_latency else f"{value:.2%}"
    return f"{amount} on {name} ({met})"
