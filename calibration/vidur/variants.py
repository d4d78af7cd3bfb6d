"""One request list through our engine in several ways, each differing from Vidur in one stated thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from calibration.vidur.iteration import Rules, VidurIteration
from calibration.vidur.profiles import Profiles
from calibration.vidur.replay import PlanSeconds, Replayed, batch_of, replay
from calibration.vidur.schedulers import core_for, kv_blocks
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.engine.core import ReferenceCore
from simulator.engine.plan import StepPlan
from simulator.models.spec import ModelSpec

SCHEDULER_ONLY, COST_ONLY, SLOWER = "scheduler", "cost model", "0.2 % slower"


@dataclass(frozen=True)
class Setting:
    """What a list is run on. ``fitted``: our cost model on Vidur's kernels; ``today``: the same model on the constants
    and host terms we ship for the device."""

    model: ModelSpec
    tensor_parallel_size: int
    profiles: Profiles
    fitted: Deployment
    today: Deployment

    @property
    def num_blocks(self) -> int:
        """KV blocks of the replica."""
        return kv_blocks(self.model, self.tensor_parallel_size)

    def vidur_iteration(self, rules: Rules | None = None) -> VidurIteration:
        """Vidur's iteration times rebuilt from its profiles."""
        layers, hidden = self.model.num_layers, self.model.hidden_size
        return VidurIteration(self.profiles, num_layers=layers, row_bytes=2 * hidden, rules=rules)

    def vidur_seconds(self, rules: Rules | None = None) -> PlanSeconds:
        """The same as the duration of a plan."""
        iteration = self.vidur_iteration(rules)
        return lambda plan: iteration.seconds(batch_of(plan))


@dataclass(frozen=True)
class Variant:
    """``changed``: what differs from Vidur; ``core`` and ``seconds`` build the two halves of the run."""

    name: str
    changed: str
    core: Callable[[Setting, str], ReferenceCore]
    seconds: Callable[[Setting], PlanSeconds]


def run_variant(variant: Variant, setting: Setting, scheduler: str, requests: pd.DataFrame) -> Replayed:
    """The list's times under a variant."""
    return replay(requests, variant.core(setting, scheduler), variant.seconds(setting))


def _vidur_core(setting: Setting, scheduler: str) -> ReferenceCore:
    return core_for(scheduler, setting.num_blocks)


def _wide_core(setting: Setting, scheduler: str) -> ReferenceCore:
    return core_for(scheduler, setting.num_blocks, budget=2048 if scheduler == "sarathi" else 8192)


def _v1_core(setting: Setting, scheduler: str) -> ReferenceCore:
    return core_for("sarathi", setting.num_blocks, budget=2048, policy="vllm_v1")


def _compiled(deployment: Deployment) -> PlanSeconds:
    cost = CompiledStepCost(deployment)

    def seconds(plan: StepPlan) -> float:
        return cost.seconds(plan.features)

    return seconds


def _slower(setting: Setting) -> PlanSeconds:
    seconds = setting.vidur_seconds()
    return lambda plan: 1.002 * seconds(plan)


VARIANTS = (
    Variant(SCHEDULER_ONLY, "nothing: Vidur's iteration times under our scheduler", _vidur_core,
            lambda setting: setting.vidur_seconds()),
    Variant(COST_ONLY, "closed forms fitted to Vidur's kernels; embedding, LM head and sampling timed", _vidur_core,
            lambda setting: _compiled(setting.fitted)),
    Variant(SLOWER, "every iteration 0.2 % longer", _vidur_core, _slower),
    Variant("no rounding to 8", "token counts as they are", _vidur_core,
            lambda setting: setting.vidur_seconds(Rules(token_grain=1))),
    Variant("no batching overhead", "attention over several sequences without its extra 10 %", _vidur_core,
            lambda setting: setting.vidur_seconds(Rules(batching_overhead=1.0))),
    Variant("free launches", "all-reduces without 20 us of host time each", _vidur_core,
            lambda setting: setting.vidur_seconds(Rules(launch_us=0.0))),
    Variant("wider steps", "2,048 tokens a step (sarathi), 8,192 padded tokens (vllm)", _wide_core,
            lambda setting: setting.vidur_seconds()),
    Variant("vLLM v1", "our default policy, 2,048 tokens a step", _v1_core,
            lambda setting: setting.vidur_seconds()),
    Variant("today's kernels", "our shipped A100 constants and vLLM 0.15 host terms", _vidur_core,
            lambda setting: _compiled(setting.today)),
)  # fmt: skip
