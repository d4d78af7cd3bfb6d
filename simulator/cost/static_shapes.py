"""Engines that run executables compiled for a context length: what a step costs follows that length, not the context.

Transformers-neuronx compiles its decoding graph for ``n_positions``; attention reads the whole padded cache of every
sequence in every step, whatever stands in it.
"""

from __future__ import annotations

from simulator.cost.deployment import Deployment
from simulator.operators.features import StepFeatures


def compiled_context(deployment: Deployment) -> int:
    """Tokens per sequence that decode attention reads; 0 when it reads the context there is."""
    if not deployment.engine.static_context:
        return 0
    return deployment.context_tokens or deployment.model.max_position_embeddings


def executed(features: StepFeatures, context: int) -> StepFeatures:
    """The step as the device executes it: decoding sequences attend over ``context`` tokens each (0: as they are)."""
    if not context or not features.decode_seqs:
        return features
    counters = features.as_dict()
    return StepFeatures(**(counters | {"decode_kv": max(features.decode_kv, features.decode_seqs * context)}))
