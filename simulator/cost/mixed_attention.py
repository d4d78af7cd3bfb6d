"""Prompts and decodes of a step as one attention call (vLLM's FlashAttention-2): what its decoding sequences cost.

With a longest query of one token, FlashAttention-2 packs the query heads of a KV head into one tile and splits long KV
over idle SMs (``DecodeAttentionForm``). With a longer query anywhere in the call - a prompt chunk, a short chunk, a
verification - it does neither, for any sequence of the call: every (sequence, query head) is a unit that walks through
its KV alone, in a tile of 64 query rows nearly all of which are empty.

Libraries that behave otherwise have no ``KernelFits.mixed_attention``: FlashAttention-3 (Hopper) packs query heads at
any length, FlashInfer and TensorRT-LLM (Blackwell servers, FP8 caches) run decodes as a call of their own. So do some
engines: ``EngineProfile.separate_decode_calls``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.cost.attention_forms import Sizes
from simulator.cost.attention_groups import has_prefill_form
from simulator.cost.deployment import Deployment
from simulator.cost.kernels import US
from simulator.cost.operator_time import kernel_class, kernel_fit, kernel_seconds
from simulator.hardware.fits import Fitted, fit_for
from simulator.hardware.kernel_constants import DecodeAttentionFit, MixedAttentionFit
from simulator.hardware.profile import HardwareProfile
from simulator.operators.attention import decode_work, prefill_work
from simulator.operators.features import StepFeatures
from simulator.operators.step import decode_statistics, prefill_statistics
from simulator.operators.work import DecodeAttention, PrefillAttention, Work

TILE_ROWS = 64
"""Query rows of a tile of the paged kernel, at every head size."""

L2_SHARE = 0.9
"""Share of the L2 that keeps a KV head's KV from one of its query heads to the next; the fits gave 0.97 and 0.77."""

_NS = 1e-9


class MixedAttentionForm:
    """The decoding sequences of an attention call that also holds longer queries, one layer.

    ``busy = max(units/SM * (unit + empty * further tiles) + KV steps/SM * step, KV bytes * loads / (em BW))``,
    ``longest = unit + step * KV per sequence``, ``step = 4 * 64 d / (P/SM) + fetch * d/128 * bytes per element/2``; the
    decodes add ``busy`` to the rest of the call, and the call takes ``longest`` at least.

    The SMs take the sequences of one query head after those of the other, so that the ``g B`` units of a KV head's
    group lie in ``1 + g B/SM`` waves, each of which loads a KV once: ``loads = min(g, 1 + g B/SM)`` where the KV of a
    KV head outgrows the L2, 1 where it fits. ``em``: ``memory_share`` of the device's decode attention times
    ``share_gain``. ``further tiles``: the grid of the call has as many tiles per sequence as its longest query; all but
    one of a decode's end at once, but take their turn on an SM.
    """

    def __init__(
        self,
        fit: MixedAttentionFit,
        device: HardwareProfile,
        *,
        heads: Sizes,
        kv_heads: Sizes,
        head_dim: Sizes,
        math_dtype: str,
        bytes_per_kv: float,
        memory_share: float,
    ) -> None:
        row_bytes = 2.0 * head_dim * bytes_per_kv
        self.group = heads / kv_heads
        self.units_per_sm = heads / device.multiprocessors
        self.group_per_sm = self.group / device.multiprocessors
        self.unit_s, self.empty_s = fit.unit_us * US, fit.empty_us * US
        math_s = 4.0 * TILE_ROWS * head_dim * device.multiprocessors / device.peak(math_dtype)
        self.step_s = math_s + fit.fetch_ns * _NS * row_bytes / 512.0
        self.memory_s = kv_heads * row_bytes / (fit.share_gain * memory_share * device.memory_bytes_per_s)
        self.kept_tokens = L2_SHARE * device.l2_bytes / row_bytes

    def seconds(
        self, sequences: Sizes, kv_tokens: Sizes, longest_query: Sizes = 1, ops: Any = np
    ) -> tuple[Sizes, Sizes]:
        """``(busy, longest)``: what the sequences add to the call, and how long it takes at least.

        ``longest_query``: tokens of the longest query beside them; of several chunks their mean, a lower bound.
        """
        further_tiles = ops.maximum(longest_query / TILE_ROWS - 1.0, 0.0)
        unit_s = self.unit_s + self.empty_s * further_tiles
        load = self.units_per_sm * (unit_s * sequences + self.step_s * kv_tokens)
        kept = self.kept_tokens / kv_tokens
        more_loads = (ops.minimum(self.group, 1.0 + self.group_per_sm * sequences) - 1.0) / (1.0 + kept * kept)
        memory = self.memory_s * kv_tokens * (1.0 + more_loads)
        return ops.maximum(load, memory), self.unit_s + self.step_s * kv_tokens / sequences


@dataclass(frozen=True)
class MixedAttention:
    """The decodes of an attention call; ``beside``: its prompt chunks, None when its longer queries are short chunks or
    verifications, which are among ``decodes``."""

    decodes: DecodeAttention
    beside: PrefillAttention | None

    @property
    def math_dtype(self) -> str:
        """Format it multiplies in."""
        return self.decodes.math_dtype


def mixed_fit(shape: DecodeAttention, deployment: Deployment) -> Fitted[MixedAttentionFit] | None:
    """The constants of the one call, None where decodes are a call of their own, or have no query heads to pack."""
    if deployment.engine.separate_decode_calls or shape.heads <= shape.kv_heads:
        return None
    fits = deployment.fits.mixed_attention
    return fits.get("bf16" if shape.kv_dtype == "fp16" else shape.kv_dtype)


def mixed_form(shape: DecodeAttention, deployment: Deployment) -> MixedAttentionForm:
    """The closed form behind a shape that ``mixed_fit`` has constants for, its step statistics aside."""
    fitted = mixed_fit(shape, deployment)
    assert fitted is not None
    return MixedAttentionForm(
        fitted.constants, deployment.hardware, heads=shape.heads, kv_heads=shape.kv_heads, head_dim=shape.head_dim,
        math_dtype=shape.math_dtype, bytes_per_kv=shape.bytes_per_kv,
        memory_share=_decode_constants(shape, deployment).memory_share,
    )  # fmt: skip


def launch_seconds(shape: DecodeAttention, deployment: Deployment) -> float:
    """Launch of a call without prompt chunks."""
    return _decode_constants(shape, deployment).latency_us * US


def _decode_constants(shape: DecodeAttention, deployment: Deployment) -> DecodeAttentionFit:
    return fit_for(deployment.fits.decode_attention, shape.kv_dtype).constants


def has_longer_queries(features: StepFeatures) -> bool:
    """Whether a query of more than one token is in the step."""
    return features.prefill_seqs > 0 or features.decode_queries > features.decode_seqs


def as_one_call(work: list[Work], features: StepFeatures, deployment: Deployment) -> list[Work]:
    """The work of a step with its decode attention as part of the prompts' call, where the library runs it so."""
    if not features.decode_seqs or not has_longer_queries(features):
        return work
    joined = dict(_joined(features, deployment))
    return [joined.get(item, item) for item in work] if joined else work


def _joined(features: StepFeatures, deployment: Deployment) -> Iterator[tuple[Work, Work]]:
    """Decode attention of each kind of layer: as a call of its own, and as part of the one call."""
    layout = deployment.layout
    for block, count in deployment.model.layer_groups:
        if not has_prefill_form(block):
            continue
        (alone,) = decode_work(block.attention, layout, decode_statistics(features), count)
        if not isinstance(alone.shape, DecodeAttention):
            continue  # absorbed latent attention is another kernel than that of prompts
        if mixed_fit(alone.shape, deployment) is None:
            continue
        beside = None
        if features.prefill_seqs:
            (prompts,) = prefill_work(block.attention, layout, prefill_statistics(features), count)
            assert isinstance(prompts.shape, PrefillAttention)
            beside = prompts.shape
        shape = MixedAttention(alone.shape, beside)
        work = Work(alone.name, shape, count, alone.flops, alone.bytes_read, alone.bytes_written)  # type: ignore[arg-type]
        yield alone, work


@kernel_seconds.register
def _(shape: MixedAttention, work: Work, deployment: Deployment) -> Sizes:
    """What the decodes add to the prompts' time; the whole call where there are no prompts."""
    decodes = shape.decodes
    form = mixed_form(decodes, deployment)
    if shape.beside is None:
        busy, longest = form.seconds(decodes.sequences, decodes.kv_tokens)
        return launch_seconds(decodes, deployment) + np.maximum(busy, longest)
    chunk_tokens = shape.beside.tokens / shape.beside.sequences
    busy, longest = form.seconds(decodes.sequences, decodes.kv_tokens, chunk_tokens)
    return np.maximum(busy, longest - kernel_seconds(shape.beside, work, deployment))


@kernel_fit.register
def _(shape: MixedAttention, deployment: Deployment) -> Fitted[Any]:
    fitted = mixed_fit(shape.decodes, deployment)
    assert fitted is not None
    return fitted


@kernel_class.register
def _(shape: MixedAttention, deployment: Deployment) -> str:
    return "mixed_attention"
