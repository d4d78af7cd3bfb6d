"""From a scenario to the objects that run it: deployment, memory plan, engine configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from simulator.cost.deployment import Deployment, dtypes_for
from simulator.cost.memory import MemoryPlan, default_limits, kv_plan
from simulator.engine.config import EngineConfig
from simulator.engine.fit import check_config
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.user_fits import user_fits
from simulator.models.catalog import load_model
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.scenario.economics_section import Economics
from simulator.scenario.engine_section import Dtypes
from simulator.scenario.schema import Calibration, Parallel, Sampling, Scenario


@dataclass(frozen=True)
class Wiring:
    """One replica, ready to run.

    ``scenario`` is the resolved one: every default that follows from model, device and engine profile is filled in, and
    it gives the same wiring again. ``notes``: choices a reader should know of.
    """

    scenario: Scenario
    deployment: Deployment
    memory: MemoryPlan
    engine: EngineConfig
    acceptance: list[float] | None
    notes: list[str]


@dataclass(frozen=True)
class DeploymentChoice:
    """All of a scenario that its deployment follows from; equal ``repr``, equal deployment (files kept as they are)."""

    model: str
    hardware: str
    parallel: Parallel
    dtypes: Dtypes
    calibration: Calibration
    engine_profile: str
    sampling: Sampling
    economics: Economics

    @classmethod
    def of(cls, scenario: Scenario) -> DeploymentChoice:
        """The scenario's."""
        return cls(
            model=scenario.model,
            hardware=scenario.hardware,
            parallel=scenario.parallel,
            dtypes=scenario.dtypes,
            calibration=scenario.calibration,
            engine_profile=scenario.engine.profile,
            sampling=scenario.sampling,
            economics=scenario.economics,
        )


def build_deployment(choice: DeploymentChoice) -> Deployment:
    """Model, device, engine terms and kernel constants of a choice, read from their files. Raises ``InputError``."""
    model, hardware = load_model(choice.model), choice.economics.applied_to(load_hardware(choice.hardware))
    if choice.parallel.peer_access is not None:
        hardware = _in_its_box(hardware, choice.parallel.peer_access)
    wanted = choice.dtypes
    return Deployment.of(
        model,
        hardware,
        tensor_parallel_size=choice.parallel.tensor_parallel_size,
        dtypes=dtypes_for(
            model,
            hardware,
            weights=None if wanted.weights == "auto" else wanted.weights,
            activations=None if wanted.activations == "auto" else wanted.activations,
            kv=None if wanted.kv_cache == "auto" else wanted.kv_cache,
        ),
        engine=choice.engine_profile,
        fits=user_fits(hardware, choice.calibration.fits, choice.calibration.exact),
        top_p_sampling=choice.sampling.top_p,
    )


def _in_its_box(hardware: HardwareProfile, peer_access: bool) -> HardwareProfile:
    """The device with the scenario's word on peer access, which only devices on the host bus can lack."""
    if hardware.link.topology not in ("none", "pairs"):
        problem = f"concerns devices joined by the host bus; {hardware.name} has {hardware.link.description or 'links'}"
        raise InputError(problem, path="parallel.peer_access", value=peer_access)
    return hardware.with_peer_access(peer_access)


BuildDeployment = Callable[[DeploymentChoice], Deployment]


def wire(scenario: Scenario, *, build: BuildDeployment = build_deployment) -> Wiring:
    """Build everything but the workload. Raises ``InputError`` with the scenario's file and line.

    ``build``: where the deployment comes from; who wires many scenarios keeps those he has.
    """
    try:
        return _wire(scenario, build(DeploymentChoice.of(scenario)))
    except InputError as error:
        raise scenario.located(error) from None


def _wire(scenario: Scenario, deployment: Deployment) -> Wiring:
    engine = scenario.engine
    memory = kv_plan(
        deployment,
        gpu_memory_utilization=engine.gpu_memory_utilization,
        block_size=engine.block_size,
        num_gpu_blocks_override=engine.num_gpu_blocks_override,
        max_num_seqs=engine.max_num_seqs,
    )
    scenario.economics.rules().host_power(deployment.hardware)  # mistakes show before the simulation, not after
    notes: list[str] = []
    filled = _engine_defaults(scenario, deployment, memory, notes)
    resolved = scenario.replacing(
        engine=engine.model_copy(update=filled),
        dtypes=scenario.dtypes.model_copy(
            update={
                "weights": deployment.dtypes.weights,
                "activations": deployment.dtypes.activations,
                "kv_cache": deployment.dtypes.kv,
            }
        ),
    )
    notes += _number_formats(deployment) + _slowed(deployment)
    speculation = resolved.engine.speculative_config
    acceptance = list(speculation.acceptance) if speculation else None
    if speculation:
        notes.append("speculation: verification is timed, the drafts themselves are free (as n-gram drafts nearly are)")
    if deployment.engine.static_context:
        deployment = replace(deployment, context_tokens=resolved.engine.max_model_len)
    return Wiring(resolved, deployment, memory, _engine_config(resolved, memory), acceptance, notes)


def _number_formats(deployment: Deployment) -> list[str]:
    dtypes = deployment.dtypes
    if BYTES_PER_ELEMENT[dtypes.activations] >= 2:
        return []
    wide = f"dtypes.activations: {dtypes.other} quantises the weights only"
    return [f"activations are {dtypes.activations} as the {dtypes.weights} weights are, and multiplied so; {wide}"]


def _slowed(deployment: Deployment) -> list[str]:
    device = deployment.hardware
    if device.power_cap_w is None and device.clock_ratio == 1.0:
        return []
    why = "locked clock" if device.power_cap_w is None else f"power cap {device.power_cap_w:g} W"
    return [f"{why}: math runs at {device.clock_ratio:.0%} of its rate, memory at full rate"]


def _engine_defaults(
    scenario: Scenario, deployment: Deployment, memory: MemoryPlan, notes: list[str]
) -> dict[str, Any]:
    """What vLLM decides for settings left open."""
    engine = scenario.engine
    batched_tokens, seqs = default_limits(deployment.hardware)
    model_len = engine.max_model_len
    if model_len is None:
        positions, room = deployment.model.max_position_embeddings, memory.usable_blocks * engine.block_size
        model_len = min(positions, room)
        if room < positions:
            notes.append(
                f"max_model_len is {model_len:,}: the KV cache holds no request of the model's {positions:,} tokens"
            )
    if memory.max_sequences is not None and (engine.max_num_seqs or seqs) > memory.max_sequences:
        seqs = memory.max_sequences
        notes.append(f"max_num_seqs is {seqs:,}: memory holds the constant state of no more sequences")
    else:
        seqs = engine.max_num_seqs or seqs
    prefix_caching = engine.enable_prefix_caching
    if prefix_caching and memory.state_bytes_per_sequence_per_gpu:
        # vLLM 0.11 refuses both kinds (its PRs 23716, 21088; August 2025); later versions keep checkpoints of recurrent
        # states on request, as an experiment that is not modelled here.
        prefix_caching = False
        notes.append("prefix caching is off: vLLM does not reuse prefixes of recurrent or encoder-decoder models")
    if not engine.enable_chunked_prefill:
        batched_tokens = max(batched_tokens, model_len)
    asynchronous = engine.async_scheduling
    if asynchronous is None:
        vllm = engine.policy == "vllm_v1" and engine.speculative_config is None
        asynchronous = deployment.engine.async_scheduling and vllm
    whole_prompt = engine.scheduler_reserve_full_isl
    if whole_prompt is None:
        whole_prompt = deployment.engine.reserve_full_isl and engine.policy == "vllm_v1"
    return {
        "max_model_len": model_len,
        "max_num_seqs": seqs,
        "max_num_batched_tokens": engine.max_num_batched_tokens or batched_tokens,
        "enable_prefix_caching": prefix_caching,
        "async_scheduling": asynchronous,
        "scheduler_reserve_full_isl": whole_prompt,
    }


def _engine_config(resolved: Scenario, memory: MemoryPlan) -> EngineConfig:
    engine = resolved.engine
    # _engine_defaults has filled these in.
    assert engine.max_num_seqs is not None
    assert engine.max_num_batched_tokens is not None
    assert engine.max_model_len is not None
    speculation = engine.speculative_config
    config = EngineConfig(
        policy=engine.policy,
        num_blocks=memory.usable_blocks,
        block_size=engine.block_size,
        max_num_seqs=engine.max_num_seqs,
        max_num_batched_tokens=engine.max_num_batched_tokens,
        max_model_len=engine.max_model_len,
        enable_prefix_caching=engine.enable_prefix_caching,
        enable_chunked_prefill=engine.enable_chunked_prefill,
        scheduling_policy=engine.scheduling_policy,
        long_prefill_token_threshold=engine.long_prefill_token_threshold,
        async_scheduling=bool(engine.async_scheduling),
        scheduler_reserve_full_isl=bool(engine.scheduler_reserve_full_isl),
        num_speculative_tokens=speculation.num_speculative_tokens if speculation else 0,
        max_loras=engine.max_loras,
        batch_window_s=engine.batch_window_s,
    )
    check_config(config)
    return config
