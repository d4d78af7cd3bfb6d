"""Host time of one step: what the engine profile's terms add up to. Readable; the compiled tables hold the same."""

from __future__ import annotations

from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile
from simulator.operators.features import StepFeatures


def host_seconds(features: StepFeatures, deployment: Deployment, engine: EngineProfile) -> dict[str, float]:
    """Seconds of each host term of a step under an engine profile; they stand beside the device's time."""
    layers = deployment.model.num_layers
    per_step = engine.per_step_s + layers * engine.per_layer_s
    if features.prefill_seqs:
        per_step += layers * engine.per_layer_prefill_s
    sampler = 0.0
    if deployment.top_p_sampling and features.sampled:
        words = features.sampled * deployment.model.vocab_size
        sampler = engine.sampler_step_s + words * engine.sampler_row_s_per_word
    return {
        "host_step": per_step,
        "host_sequences": (features.decode_seqs + features.prefill_seqs) * engine.per_sequence_s,
        "host_admission": features.admitted * engine.per_admitted_s,
        "top_p_sampler": sampler,
    }


def launch_floor_seconds(deployment: Deployment, engine: EngineProfile) -> float:
    """Least device time of a step: an engine that launches every kernel anew cannot run layers faster than its host
    launches them. 0 for engines that replay graphs."""
    return deployment.model.num_layers * engine.layer_floor_s
