"""Attention of equal layers, prepared for the compiled step cost: form, correction, measured rows, on plain numbers."""

from __future__ import annotations

from copy import copy

from simulator.cost.attention_forms import PlainOps
from simulator.cost.deployment import Deployment
from simulator.cost.engine_multiplier import engine_multiplier
from simulator.cost.exact_times import PrefillSums, exact_decode, exact_prefill
from simulator.cost.operator_time import (
    decode_factors,
    decode_form,
    operator_seconds,
    prefill_factors,
    prefill_form,
)
from simulator.cost.plain_factors import DecodePieces, PrefillFactors
from simulator.models.attention import GQAAttention, MLAAttention
from simulator.models.spec import LayerBlock
from simulator.operators.attention import DecodeStatistics, PrefillStatistics, decode_work, prefill_work
from simulator.operators.work import DecodeAttention, LatentDecode, PrefillAttention, Sizes


class DecodeGroup:
    """Equal layers' decode attention. ``scale``: layers times engine multiplier; ``window``: in tokens, None = none."""

    __slots__ = ("exact", "factors", "form", "scale", "shape", "window")

    def __init__(
        self, shape: DecodeAttention | LatentDecode, scale: float, window: int | None, deployment: Deployment
    ) -> None:
        self.shape = shape
        self.form = decode_form(shape, deployment)
        grid = decode_factors(shape, self.form, deployment)
        self.factors = None if grid is None else DecodePieces(grid)
        self.exact: dict[tuple[int, int], float] = {}
        if isinstance(shape, DecodeAttention):
            self.exact = exact_decode(shape, deployment.fits.exact)
        self.scale, self.window = scale, window

    @property
    def plain(self) -> bool:
        """Whether lists over the sequences describe it: no window, no measured rows."""
        return self.window is None and not self.exact

    def seconds(self, sequences: int, queries: int, kv_tokens: int) -> float:
        """All layers of the group; ``kv_tokens``: summed KV before the window."""
        attended = kv_tokens if self.window is None else min(kv_tokens, sequences * self.window)
        once: float = self.form.seconds(sequences, queries, attended, PlainOps)
        if self.factors is not None:
            once *= self.factors.at(sequences, attended / sequences)
        if self.exact and queries == sequences:
            once = self.exact.get((sequences, attended), once)
        return self.scale * once


class PrefillGroup:
    """Equal layers' prefill attention."""

    __slots__ = ("exact", "factors", "form", "scale", "window")

    def __init__(self, shape: PrefillAttention, scale: float, window: int | None, deployment: Deployment) -> None:
        self.form = prefill_form(shape, deployment)
        grid = prefill_factors(shape, self.form, deployment)
        self.factors = None if grid is None else PrefillFactors(grid)
        self.exact: dict[PrefillSums, float] = exact_prefill(shape, deployment.fits.exact)
        self.scale, self.window = scale, window

    def seconds(self, sequences: int, tokens: int, pairs: int, kv_tokens: int, tiles: int) -> float:
        """All layers of the group; sums as in ``StepFeatures``, before the window."""
        if self.window is not None:
            pairs = min(pairs, tokens * self.window)
            kv_tokens = min(kv_tokens, tokens + sequences * self.window)
        once: float = self.form.seconds(sequences, tokens, pairs, kv_tokens, tiles, PlainOps)
        if self.factors is not None:
            once *= self.factors.at(sequences, tokens, kv_tokens)
        if self.exact:
            once = self.exact.get((sequences, tokens, pairs, kv_tokens), once)
        return self.scale * once


def decode_groups(deployment: Deployment) -> list[DecodeGroup]:
    """One group for each kind of layer and mixer that follows the summed KV."""
    groups = []
    for block, count in deployment.model.layer_groups:
        for mixer in block.mixers:
            for work in decode_work(mixer, deployment.layout, DecodeStatistics(1, 1, 1), count):
                assert isinstance(work.shape, DecodeAttention | LatentDecode)
                scale = engine_multiplier(deployment.engine, deployment.fits, "decode_attention", work.shape.kv_dtype)
                groups.append(DecodeGroup(work.shape, count * scale, mixer.sliding_window, deployment))
    return groups


def as_one(groups: list[DecodeGroup]) -> DecodeGroup | None:
    """One group of all layers where these differ in nothing that decode attention sees; None otherwise."""
    if not groups or any((group.shape, group.window) != (groups[0].shape, groups[0].window) for group in groups):
        return None
    whole = copy(groups[0])
    whole.scale = sum(group.scale for group in groups)
    return whole


def prefill_groups(deployment: Deployment) -> list[PrefillGroup]:
    """One group for each kind of layer that has a prefill form."""
    groups = []
    for block, count in deployment.model.layer_groups:
        if not has_prefill_form(block):
            continue
        for work in prefill_work(block.attention, deployment.layout, PrefillStatistics(1, 1, 1, 1, 1), count):
            if isinstance(work.shape, PrefillAttention):
                scale = engine_multiplier(deployment.engine, deployment.fits, "prefill_attention", work.shape.kv_dtype)
                groups.append(PrefillGroup(work.shape, count * scale, block.attention.sliding_window, deployment))
    return groups


def expansion_seconds(deployment: Deployment, kv_tokens: Sizes) -> Sizes:
    """Seconds of what prefill does to every attended token before its attention call: latents expanded to heads."""
    chunks, total = PrefillStatistics(1, 1, 1, kv_tokens, 1), 0.0
    for block, count in deployment.model.layer_groups:
        if isinstance(block.attention, MLAAttention):
            work = prefill_work(block.attention, deployment.layout, chunks, count)
            expansions = (item for item in work if not isinstance(item.shape, PrefillAttention))
            total = total + sum(operator_seconds(item, deployment) for item in expansions)
    return total


def has_prefill_form(block: LayerBlock) -> bool:
    """Whether a layer's prefill is one attention call over the step's own sums, and at most latents expanded for it."""
    return isinstance(block.attention, GQAAttention | MLAAttention) and block.cross_attention is None
