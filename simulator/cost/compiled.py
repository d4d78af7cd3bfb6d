"""CompiledStepCost: the same seconds as ``ReadableStepCost``, from tables. The hottest function of the simulator.

A step's cost is a sum of parts that each follow from few statistics, because work is additive over operators:

* linear layers, norms, collectives, host time of a step: a list over the token count (graph padding folded in);
* LM head and sampler: a list over the sampled rows;
* decode attention: the larger of two straight lines in the summed KV, coefficients in lists over the sequences, with
  the kernels that follow the number of sequences alone (state updates, cross attention) folded in;
* prefill attention: a closed form in the chunk sums, on plain floats; mixers without one take the readable path;
* the encoder of an encoder-decoder: a list over the admitted requests.

Tables are filled by numpy through the very functions the readable path uses, and grow by doubling when a larger step
comes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.cost.attention_forms import DecodeAttentionForm, PlainOps, PrefillAttentionForm
from simulator.cost.deployment import Deployment
from simulator.cost.operator_time import decode_form, operator_seconds, prefill_form
from simulator.models.attention import GQAAttention
from simulator.models.spec import LayerBlock
from simulator.operators.attention import DecodeStatistics, PrefillStatistics, decode_work, prefill_work
from simulator.operators.encoder import admission_work
from simulator.operators.features import StepFeatures
from simulator.operators.step import decode_fixed_work, prefill_statistics, sampled_work, token_work
from simulator.operators.work import PrefillAttention, Sizes, Work

Floats = npt.NDArray[np.float64]


class CompiledStepCost:
    """Seconds of a step from tables of ``max_num_batched_tokens`` entries (a size to start with, not a limit)."""

    def __init__(self, deployment: Deployment, *, max_num_batched_tokens: int = 8192) -> None:
        self.deployment = deployment
        self._admitted_s = deployment.engine.per_admitted_s
        self._prefill_host_s = deployment.model.num_layers * deployment.engine.per_layer_prefill_s
        self._decode = _decode_groups(deployment)
        self._plain_decode = not self._decode or (len(self._decode) == 1 and self._decode[0].window is None)
        self._prefill = _prefill_groups(deployment)
        self._formless = [group for group in deployment.model.layer_groups if not _has_prefill_form(group[0])]
        self._has_encoder = deployment.model.encoder is not None
        self._build(max(1, max_num_batched_tokens))

    def _build(self, largest: int) -> None:
        """Fill the tables for step sizes 0..largest."""
        sizes = np.arange(1.0, largest + 1)
        self._largest = largest
        self._token_s = [0.0, *_token_seconds(self.deployment, sizes).tolist()]
        self._sampled_s = [0.0, *_sampled_seconds(self.deployment, sizes).tolist()]
        self._fixed_s = [0.0, *_fixed_seconds(self.deployment, sizes).tolist()]
        self._admission_s = [0.0, *_admission_seconds(self.deployment, sizes).tolist()]
        self._least_s, self._start_s, self._per_kv_s = self._decode_lists(sizes)

    def _decode_lists(self, sizes: Floats) -> tuple[list[float], list[float], list[float]]:
        """Coefficients of plain decode attention, when at most one group of layers, without a window, follows the
        summed KV; kernels that follow the number of sequences are added to both lines."""
        if not self._plain_decode:
            return [], [], []
        zeros = np.zeros_like(sizes)
        least, start, per_kv_token = (zeros, zeros, zeros)
        for group in self._decode:
            least, start, per_kv_token = (
                group.scale * np.broadcast_to(c, sizes.shape) for c in group.form.lines(sizes, sizes)
            )
        fixed = np.asarray(self._fixed_s[1:])
        return [0.0, *(least + fixed).tolist()], [0.0, *(start + fixed).tolist()], [0.0, *per_kv_token.tolist()]

    def seconds(self, features: StepFeatures) -> float:
        """Seconds of a step; 0 for a step without tokens."""
        tokens = features.tokens
        if not tokens:
            return 0.0
        decoding = features.decode_seqs
        try:
            seconds = self._token_s[tokens] + self._sampled_s[features.sampled]
            if decoding:
                if self._plain_decode and features.decode_queries == decoding:
                    long = self._start_s[decoding] + self._per_kv_s[decoding] * features.decode_kv
                    least = self._least_s[decoding]
                    seconds += long if long > least else least
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
        return seconds

    def _encoder_seconds(self, admitted: int) -> float:
        """Encoder and cross keys and values of the requests admitted."""
        if admitted > self._largest:
            self._build(2 * admitted)
        return self._admission_s[admitted]

    def _decode_seconds(self, features: StepFeatures) -> float:
        """Decode attention with verifications (several queries per sequence), windows or several kinds of layers."""
        sequences, queries, kv_tokens = features.decode_seqs, features.decode_queries, features.decode_kv
        if queries == sequences:
            seconds = self._fixed_s[sequences]
        else:
            seconds = float(_fixed_seconds(self.deployment, float(sequences), float(queries)))
        for group in self._decode:
            attended = kv_tokens if group.window is None else min(kv_tokens, sequences * group.window)
            seconds += group.scale * group.form.seconds(sequences, queries, attended, PlainOps)
        return seconds

    def _prefill_seconds(self, features: StepFeatures) -> float:
        """Prefill attention of every layer and its host time."""
        sequences, tokens = features.prefill_seqs, features.prefill_tokens
        pairs, kv_tokens = features.prefill_pairs, features.prefill_kv
        seconds = self._prefill_host_s
        for group in self._prefill:
            window = group.window
            if window is None:
                once = group.form.seconds(sequences, tokens, pairs, kv_tokens, features.prefill_tiles, PlainOps)
            else:
                near_pairs, near_kv = min(pairs, tokens * window), min(kv_tokens, tokens + sequences * window)
                once = group.form.seconds(sequences, tokens, near_pairs, near_kv, features.prefill_tiles, PlainOps)
            seconds += group.scale * once
        if self._formless:
            seconds += _readable_prefill_seconds(self._formless, prefill_statistics(features), self.deployment)
        return seconds


class _DecodeGroup:
    """Equal layers' decode attention: form, layers times engine multiplier, window."""

    __slots__ = ("form", "scale", "window")

    def __init__(self, form: DecodeAttentionForm, scale: float, window: int | None) -> None:
        self.form, self.scale, self.window = form, scale, window


class _PrefillGroup:
    """Equal layers' prefill attention."""

    __slots__ = ("form", "scale", "window")

    def __init__(self, form: PrefillAttentionForm, scale: float, window: int | None) -> None:
        self.form, self.scale, self.window = form, scale, window


def _decode_groups(deployment: Deployment) -> list[_DecodeGroup]:
    scale = deployment.engine.decode_attention_multiplier
    return [
        _DecodeGroup(decode_form(work.shape, deployment), count * scale, mixer.sliding_window)
        for block, count in deployment.model.layer_groups
        for mixer in block.mixers
        for work in decode_work(mixer, deployment.layout, DecodeStatistics(1, 1, 1), count)
    ]


def _has_prefill_form(block: LayerBlock) -> bool:
    """Whether a layer's prefill is one attention call over the step's own sums."""
    return isinstance(block.attention, GQAAttention) and block.cross_attention is None


def _prefill_groups(deployment: Deployment) -> list[_PrefillGroup]:
    groups = []
    for block, count in deployment.model.layer_groups:
        if not _has_prefill_form(block):
            continue
        for work in prefill_work(block.attention, deployment.layout, PrefillStatistics(1, 1, 1, 1, 1), count):
            assert isinstance(work.shape, PrefillAttention), f"{type(work.shape).__name__} has no compiled form"
            scale = count * deployment.engine.prefill_attention_multiplier
            form = prefill_form(work.shape, deployment)
            groups.append(_PrefillGroup(form, scale, block.attention.sliding_window))
    return groups


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
    """Kernels that follow the number of decoding sequences; one query row each unless ``queries`` says otherwise."""
    rows = sequences if queries is None else queries
    work = decode_fixed_work(deployment.model, deployment.layout, sequences, rows)
    return np.broadcast_to(sum((operator_seconds(item, deployment) for item in work), start=0.0), np.shape(sequences))


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
