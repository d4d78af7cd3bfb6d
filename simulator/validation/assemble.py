"""From a case to what runs it: deployment, engine configuration, replicas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator.cost.deployment import Deployment, dtypes_for
from simulator.cost.engine_profile import EngineProfile
from simulator.cost.memory import default_limits, kv_plan, weight_bytes_per_gpu
from simulator.engine.config import EngineConfig
from simulator.engine.fit import check_config
from simulator.errors import InputError
from simulator.hardware.profile import HardwareProfile
from simulator.models.catalog import load_model
from simulator.models.dtypes import parse_dtype
from simulator.models.spec import ModelSpec, MoEFFN
from simulator.validation.boxes import known_peer_access
from simulator.validation.case import Case
from simulator.validation.engines import EngineRules, profile_of, rules_of
from simulator.validation.hardware_names import recorded_hardware
from simulator.validation.unsupported import Unsupported
from simulator.workload.workload import Workload

_BLOCK_SIZE = 16
_UTILIZATION = 0.9


@dataclass(frozen=True)
class Setup:
    """One replica ready to run; ``replicas`` of them share the requests in turn."""

    deployment: Deployment
    engine: EngineConfig
    replicas: int


def assemble(case: Case, workload: Workload, models: Mapping[str, ModelSpec]) -> Setup:
    """Everything but the requests. Raises ``Unsupported`` with the reason when the case cannot be modelled."""
    if case.not_modelled:
        raise Unsupported("; ".join(case.not_modelled))
    rules, profile = rules_of(case), profile_of(case)
    try:
        deployment = _deployment(case, profile, models, _longest(workload))
        config = _config(case, rules, deployment, workload)
        check_config(config)
    except InputError as error:
        raise Unsupported(f"{error.path}: {error.problem} (found {error.value!r})") from None
    _check_experts(case, deployment.model)
    # Data-parallel ranks of a dense model are engines of their own behind one balancer.
    return Setup(deployment, config, case.replicas * case.data_parallel_size)


def _check_experts(case: Case, model: ModelSpec) -> None:
    """Ranks that share the experts of a mixture out whole, or between data-parallel engines, are not modelled."""
    if any(isinstance(block.ffn, MoEFFN) for block, _ in model.layer_groups):
        for name, size in (("dp", case.data_parallel_size), ("ep", case.expert_parallel_size)):
            if size > 1:
                raise Unsupported(f"{name} = {size} of a mixture of experts is not modelled")


def _longest(workload: Workload) -> int:
    """Tokens of the longest request, prompt and output: what a static engine is compiled for."""
    return int((workload.table.prompt_tokens + workload.table.output_tokens).max())


def _deployment(case: Case, profile: EngineProfile, models: Mapping[str, ModelSpec], longest: int) -> Deployment:
    model = models[case.model] if case.model in models else load_model(case.model)
    device = _device(case)
    return Deployment.of(
        model,
        device,
        tensor_parallel_size=case.tensor_parallel_size,
        dtypes=dtypes_for(model, device, weights=case.weight_dtype, activations=_math(case, device), kv=case.kv_dtype),
        engine=profile,
        top_p_sampling=case.top_p_sampling,
        context_tokens=case.engine.max_model_len or longest,
    )


def _math(case: Case, device: HardwareProfile) -> str | None:
    """The recorded format of activations; 16 bit where the device does not multiply it, as engines widen weights."""
    if case.act_dtype is None:
        return None
    recorded = parse_dtype(case.act_dtype, path="act_dtype")
    return recorded if device.supports(recorded) else device.sixteen_bit()


def _device(case: Case) -> HardwareProfile:
    """The profile of that recorded name in the box of the run as far as that is known."""
    device = recorded_hardware(case.hardware)
    peer_access = case.peer_access if case.peer_access is not None else known_peer_access(case.source, device.name)
    return device if peer_access is None else device.with_peer_access(peer_access)


def _config(case: Case, rules: EngineRules, deployment: Deployment, workload: Workload) -> EngineConfig:
    engine, longest = case.engine, _longest(workload)
    batched_tokens, num_seqs = default_limits(deployment.hardware)
    fixed_batch = case.workload.kind == "fixed_batch"
    chunked = engine.enable_chunked_prefill
    config = EngineConfig(
        policy="static" if fixed_batch else rules.policy,
        num_blocks=_usable_blocks(case, rules, deployment),
        block_size=engine.block_size or _BLOCK_SIZE,
        max_num_seqs=case.workload.batch or engine.max_num_seqs or rules.num_seqs or num_seqs,
        max_num_batched_tokens=engine.max_num_batched_tokens or rules.batched_tokens or batched_tokens,
        max_model_len=engine.max_model_len or max(deployment.model.max_position_embeddings, longest),
        enable_prefix_caching=_caches(case, rules) and not fixed_batch,
        enable_chunked_prefill=rules.chunked_prefill if chunked is None else chunked,
        async_scheduling=_lags(case, deployment.engine) and not fixed_batch,
        scheduler_reserve_full_isl=deployment.engine.reserve_full_isl and not fixed_batch,
    )
    if config.enable_chunked_prefill:
        return config
    # Without chunks a prompt must fit one step; what nobody sends needs no room.
    model_len = min(config.max_model_len, longest)
    budget = max(config.max_num_batched_tokens, model_len)
    return replace(config, max_model_len=model_len, max_num_batched_tokens=budget)


def _caches(case: Case, rules: EngineRules) -> bool:
    recorded = case.engine.enable_prefix_caching
    return rules.prefix_caching if recorded is None else recorded


def _lags(case: Case, profile: EngineProfile) -> bool:
    recorded = case.engine.async_scheduling
    return profile.async_scheduling if recorded is None else recorded


def _usable_blocks(case: Case, rules: EngineRules, deployment: Deployment) -> int:
    """Recorded blocks of a replica, else the memory model's; one of them is the engine's null block."""
    engine = case.engine
    blocks = engine.num_kv_blocks
    if blocks is None:
        plan = kv_plan(
            deployment,
            gpu_memory_utilization=_utilization(case, rules, deployment),
            block_size=engine.block_size or _BLOCK_SIZE,
        )
        blocks = plan.num_blocks
    return max(1, blocks - 1)


def _utilization(case: Case, rules: EngineRules, deployment: Deployment) -> float:
    """Share of all memory for weights, reserve and KV. An engine that shares out what is left over is put in these
    terms: ``used + share * (total - used)`` over ``total``."""
    if rules.kv_share is None:
        return case.engine.gpu_memory_utilization or _UTILIZATION
    share = case.engine.kv_cache_free_gpu_mem_fraction or rules.kv_share
    total = deployment.hardware.usable_memory_bytes
    used = weight_bytes_per_gpu(deployment) + deployment.engine.reserved_bytes
    return min(1.0, (used + share * (total - used)) / total)
