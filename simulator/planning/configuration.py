"""What a fleet is made of: hardware, tensor parallelism and number formats of a replica, and its engine's limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.cost.deployment import dtypes_for
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.profile import HardwareProfile
from simulator.models.catalog import load_model
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.models.spec import ModelSpec
from simulator.operators.layout import Dtypes
from simulator.planning.schema import Plan


@dataclass(frozen=True)
class Limits:
    """The engine's limits; None = what vLLM chooses on the device."""

    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None


@dataclass(frozen=True)
class Configuration:
    """One kind of replica. ``hardware``: as the user named it; ``weights``, ``kv_cache``: as in a scenario."""

    hardware: str
    tensor_parallel_size: int
    weights: str = "auto"
    kv_cache: str = "auto"

    @property
    def narrowed(self) -> int:
        """Number formats narrower than the checkpoint's own. At equal cost fewer are better: what they do to the
        quality of answers is not simulated."""
        return (self.weights != "auto") + (self.kv_cache != "auto")


@dataclass(frozen=True)
class Rejected:
    """A configuration that cannot run on a device, and why."""

    configuration: Configuration
    device: str
    reason: str


def configurations(plan: Plan) -> Iterator[Configuration | Rejected]:
    """Every configuration of the plan's space once, in the order of the file; those that cannot run with the reason.

    Formats that come to the same as an earlier choice are left out. Raises ``InputError`` for unknown models and
    hardware.
    """
    model = _model(plan)
    for name, device in zip(plan.hardware, devices(plan), strict=True):
        for parallel in plan.space.tensor_parallel_size:
            seen: set[Dtypes] = set()
            for weights in plan.space.weights:
                for kv_cache in plan.space.kv_cache:
                    configuration = Configuration(name, parallel, weights, kv_cache)
                    reason = _cannot(model, device, configuration, seen)
                    if reason is None:
                        yield configuration
                    elif reason:
                        yield Rejected(configuration, device.name, reason)


def devices(plan: Plan) -> list[HardwareProfile]:
    """The accelerators of ``plan.hardware``. Raises ``InputError`` that names the entry nothing is known under, or
    under which a device stands twice: it would be its own runner-up."""
    found = [_device(plan, place, name) for place, name in enumerate(plan.hardware)]
    names = [device.name for device in found]
    for place, name in enumerate(names):
        if name in names[:place]:
            earlier = plan.hardware[names.index(name)]
            rule = f"is {name}, which stands there already as {earlier}"
            raise plan.document.error(("hardware", place), rule, value=plan.hardware[place])
    return found


def _cannot(model: ModelSpec, device: HardwareProfile, one: Configuration, seen: set[Dtypes]) -> str | None:
    """Why the formats cannot run on the device; empty for one that has been seen, None for one that can."""
    for part, wanted in (("weights", one.weights), ("KV cache", one.kv_cache)):
        if wanted != "auto" and BYTES_PER_ELEMENT[wanted] < 2 and not device.supports(wanted):
            return f"{device.name} has no {wanted} math for {wanted} {part}"
    try:
        dtypes = dtypes_for(
            model,
            device,
            weights=None if one.weights == "auto" else one.weights,
            kv=None if one.kv_cache == "auto" else one.kv_cache,
        )
    except InputError as error:
        return error.problem
    if dtypes in seen:
        return ""
    seen.add(dtypes)
    return None


def _model(plan: Plan) -> ModelSpec:
    try:
        return load_model(plan.model)
    except InputError as error:
        raise _located(plan, ("model",), error) from None


def _device(plan: Plan, place: int, name: str) -> HardwareProfile:
    try:
        return load_hardware(name)
    except InputError as error:
        raise _located(plan, ("hardware", place), error) from None


def _located(plan: Plan, place: tuple[str | int, ...], error: InputError) -> InputError:
    """The error under the plan's own place, unless it is about the inside of another file."""
    if error.file is not None:
        return error
    return plan.document.error(place, error.problem, value=error.value, hint=error.hint)
