"""CompiledStepCost: the same seconds as ``ReadableStepCost``, from tables. The hottest function of the simulator.

A step's cost is a sum of parts that each follow from few statistics, because work is additive over operators:

* linear layers, norms, collectives, host time of a step: a list over the token count (graph padding folded in);
* LM head and sampler: a list over the sampled rows;
* decode attention: the larger of two straight lines in the summed KV, coefficients in lists over the sequences, times
  the correction, a straight line in each half octave of the mean KV; without a correction, the kernels that follow the
  number of sequences alone (state updates, cross attention) are folded in;
* prefill attention: a closed form in the chunk sums, on plain floats, times a correction interpolated between octaves;
  mixers without one take the readable path; latents expanded for it: a list over the KV tokens;
* decodes in one call with prompts (``mixed_attention``): a closed form in the decode sums, on plain floats;
* the encoder of an encoder-decoder: a list over the admitted requests.

Tables are filled by numpy through the very functions the readable path uses, and grow by doubling when a larger step
comes.
"""

from __future__ import annotations

from functools import cached_property
from math import frexp
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.cost.attention_forms import DecodeLines
from simulator.cost.attention_groups import (
    DecodeGroup,
    PrefillGroup,
    as_one,
    decode_groups,
    expansion_seconds,
    has_prefill_form,
    prefill_groups,
)
from simulator.cost.deployment import Deployment
from simulator.cost.host_time import host_seconds, launch_floor_seconds
from simulator.cost.joint_groups import JointGroup, joint_groups
from simulator.cost.operator_time import operator_seconds
from simulator.cost.static_shapes import compiled_context, executed
from simulator.models.attention import MLAAttention
from simulator.models.spec import LayerBlock
from simulator.operators.attention import PrefillStatistics, prefill_work
from simulator.operators.encoder import admission_work
from simulator.operators.features import StepFeatures
from simulator.operators.step import decode_fixed_work, prefill_statistics, sampled_work, token_work
from simulator.operators.work import Sizes, Work

Floats = npt.NDArray[np.float64]


class CompiledStepCost:
    """Seconds of a step from tables of ``max_num_batched_tokens`` entries (a size to start with, not a limit)."""

    def __init__(self, deployment: Deployment, *, max_num_batched_tokens: int = 8192) -> None:
        self.deployment = deployment
        self._admitted_s = deployment.engine.per_admitted_s
        self._prefill_host_s = deployment.model.num_layers * deployment.engine.per_layer_prefill_s
        self._per_sequence_s = deployment.engine.per_sequence_s
        self._floor_s = launch_floor_seconds(deployment, deployment.engine)
        self._context = compiled_context(deployment)
        self._decode = decode_groups(deployment)
        self._alike = as_one(self._decode)
        self._plain_decode = not self._decode or (self._alike is not None and self._alike.plain)
        self._pieces = self._alike.factors if self._plain_decode and self._alike else None
        self._formless = [group for group in deployment.model.layer_groups if not has_prefill_form(group[0])]
        self._has_encoder = deployment.model.encoder is not None
        self._expands = any(isinstance(block.attention, MLAAttention) for block, _ in deployment.model.layer_groups)
        self._build(max(1, max_num_batched_tokens))

    # What follows takes longest to prepare, and a table of steps without attention does without.

    @cached_property
    def _prefill(self) -> list[PrefillGroup]:
        return prefill_groups(self.deployment)

    @cached_property
    def _mixed(self) -> tuple[list[JointGroup], list[DecodeGroup]]:
        return joint_groups(self.deployment, self._decode, self._prefill)

    @cached_property
    def _joint(self) -> list[JointGroup]:
        return self._mixed[0]

    @cached_property
    def _apart(self) -> list[DecodeGroup]:
        return self._mixed[1]

    def _build(self, largest: int) -> None:
        """Fill the tables for step sizes 0..largest."""
        sizes = np.arange(1.0, largest + 1)
        self._largest = largest
        self._token_s = [0.0, *_token_seconds(self.deployment, sizes).tolist()]
        self._sampled_s = [0.0, *_sampled_seconds(self.deployment, sizes).tolist()]
        self._fixed_s = [0.0, *_fixed_seconds(self.deployment, sizes).tolist()]
        self._admission_s = [0.0, *_admission_seconds(self.deployment, sizes).tolist()]
        self._expansion_s = [0.0, *expansion_seconds(self.deployment, sizes).tolist()] if self._expands else []
        lists = self._decode_lists(sizes)
        self._least_s, self._growing_start_s, self._growing_s, self._start_s, self._settled_s = lists

    def _decode_lists(self, sizes: Floats) -> tuple[list[float], ...]:
        """``DecodeLines`` of plain decode attention, when at most one kind of layers, without a window, follows the
        summed KV; kernels that follow the number of sequences are added to them, unless they are corrected."""
        if not self._plain_decode:
            return ([],) * len(DecodeLines._fields)
        lines = DecodeLines(*(np.zeros_like(sizes) for _ in DecodeLines._fields))
        if self._alike is not None:
            once = self._alike.form.lines(sizes, sizes)
            lines = DecodeLines(*(self._alike.scale * np.broadcast_to(column, sizes.shape) for column in once))
        if self._pieces is None:
            lines = lines.later(np.asarray(self._fixed_s[1:]))
        return tuple([0.0, *column.tolist()] for column in lines)

    def seconds(self, features: StepFeatures) -> float:
        """Seconds of a step; 0 for a step without tokens."""
        tokens = features.tokens
        if not tokens:
            return 0.0
        if self._context:
            features = executed(features, self._context)
        decoding = features.decode_seqs
        try:
            seconds = self._token_s[tokens] + self._sampled_s[features.sampled]
            if decoding:
                if self._joint and (features.prefill_seqs or features.decode_queries != decoding):
                    seconds += self._joint_seconds(features)
                elif self._plain_decode and features.decode_queries == decoding:
                    kv_tokens = features.decode_kv
                    attention = self._start_s[decoding] + self._settled_s[decoding] * kv_tokens
                    growing = self._growing_start_s[decoding] + self._growing_s[decoding] * kv_tokens
                    if growing < attention:
                        attention = growing
                    least = self._least_s[decoding]
                    if least > attention:
                        attention = least
                    if (pieces := self._pieces) is not None:
                        mean = kv_tokens / decoding
                        share, octave = frexp(mean)
                        offset, slope = pieces[decoding][octave + octave - 1 if share >= 0.75 else octave + octave - 2]
                        attention = attention * (offset + slope * mean) + self._fixed_s[decoding]
                    seconds += attention
                else:
                    seconds += self._decode_seconds(features)
        except IndexError:
            self._build(2 * max(tokens, features.sampled, decoding, self._largest))
            return self.seconds(features)
        if features.prefill_seqs:
            seconds += self._prefill_seconds(features)
        if features.admitted:
            seconds += features.admitted * self._admitted_s
            if self._has_encoder:
                seconds += self._encoder_seconds(features.admitted)
        if self._floor_s:
            host = host_seconds(features, self.deployment, self.deployment.engine)
            seconds = max(seconds, self._floor_s + sum(host.values()))
        return seconds

    def _encoder_seconds(self, admitted: int) -> float:
        """Encoder and cross keys and values of the requests admitted."""
        if admitted > self._largest:
            self._build(2 * admitted)
        return self._admission_s[admitted]

    def _decode_seconds(self, features: StepFeatures) -> float:
        """Decode attention with verifications (several queries per sequence), windows or several kinds of layers."""
        sequences, queries, kv_tokens = features.decode_seqs, features.decode_queries, features.decode_kv
        seconds = self._sequence_seconds(features)
        for group in self._decode:
            seconds += group.seconds(sequences, queries, kv_tokens)
        return seconds

    def _joint_seconds(self, features: StepFeatures) -> float:
        """Decode attention in one call with longer queries, where the layer's library runs it so."""
        seconds = self._sequence_seconds(features)
        for group in self._joint:
            seconds += group.seconds(features)
        for own in self._apart:
            seconds += own.seconds(features.decode_seqs, features.decode_queries, features.decode_kv)
        return seconds

    def _sequence_seconds(self, features: StepFeatures) -> float:
        """Kernels and host time that follow the decoding sequences and their query rows alone."""
        sequences, queries = features.decode_seqs, features.decode_queries
        if queries == sequences:
            return self._fixed_s[sequences]
        return float(_fixed_seconds(self.deployment, float(sequences), float(queries)))

    def _prefill_seconds(self, features: StepFeatures) -> float:
        """Prefill attention of every layer and its host time."""
        sequences, tokens = features.prefill_seqs, features.prefill_tokens
        pairs, kv_tokens = features.prefill_pairs, features.prefill_kv
        seconds = self._prefill_host_s + sequences * self._per_sequence_s
        for group in self._prefill:
            seconds += group.seconds(sequences, tokens, pairs, kv_tokens, features.prefill_tiles)
        if self._expands:
            seconds += self._expansion_seconds(kv_tokens)
        if self._formless:
            seconds += _readable_prefill_seconds(self._formless, prefill_statistics(features), self.deployment)
        return seconds

    def _expansion_seconds(self, kv_tokens: int) -> float:
        """Latents of the chunks' whole contexts expanded to heads; contexts beyond the table take the readable path."""
        if kv_tokens <= self._largest:
            return self._expansion_s[kv_tokens]
        return float(expansion_seconds(self.deployment, float(kv_tokens)))


def _readable_prefill_seconds(
    groups: list[tuple[LayerBlock, int]], chunks: PrefillStatistics, deployment: Deployment
) -> float:
    """Prefill kernels of layers without a closed form."""
    return sum(
        float(operator_seconds(work, deployment))
        for block, count in groups
        for mixer in block.mixers
        for work in prefill_work(mixer, deployment.layout, chunks, count)
    )


def _fixed_seconds(deployment: Deployment, sequences: Sizes, queries: Sizes | None = None) -> Any:
    """Kernels and host time that follow the number of decoding sequences; one query row each unless ``queries`` says
    otherwise."""
    rows = sequences if queries is None else queries
    work = decode_fixed_work(deployment.model, deployment.layout, sequences, rows)
    kernels = sum((operator_seconds(item, deployment) for item in work), start=0.0)
    return np.broadcast_to(kernels + sequences * deployment.engine.per_sequence_s, np.shape(sequences))


def _admission_seconds(deployment: Deployment, admitted: Floats) -> Floats:
    """Encoder passes."""
    return np.broadcast_to(_summed(admission_work(deployment.model, deployment.layout, admitted), deployment),
                           admitted.shape)  # fmt: skip


def _token_seconds(deployment: Deployment, tokens: Floats) -> Floats:
    """Everything that follows from the token count, host time of a step included."""
    engine = deployment.engine
    captured = np.asarray(engine.cuda_graph_sizes, dtype=np.float64)
    index = np.searchsorted(captured, tokens)
    padded = np.where(index < len(captured), captured[np.minimum(index, len(captured) - 1)], tokens)
    rows, back = np.unique(padded, return_inverse=True)
    host = engine.per_step_s + deployment.model.num_layers * engine.per_layer_s
    return host + _summed(token_work(deployment.model, deployment.layout, rows), deployment)[back]


def _sampled_seconds(deployment: Deployment, rows: Floats) -> Floats:
    """LM head, sampling pass and, with top-p, the sampler's host term."""
    seconds = _summed(sampled_work(deployment.model, deployment.layout, rows), deployment)
    if deployment.top_p_sampling:
        engine = deployment.engine
        words = rows * deployment.model.vocab_size
        seconds = seconds + engine.sampler_step_s + words * engine.sampler_row_s_per_word
    return seconds


def _summed(work: list[Work], deployment: Deployment) -> Floats:
    total: Floats = sum((operator_seconds(item, deployment) for item in work), start=np.zeros(1))
    return total
