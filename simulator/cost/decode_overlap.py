"""Decode attention of a running batch against a timed call: start-ups that hide behind other sequences' loads.

Tables time sequences of one length, whose units (one sequence and KV head each) start, load and end together: every
further wave of units shows its start-up beside its loads. In a running batch no two contexts are equal, and while one
unit starts others load: only the first wave's start-up shows. Seen in step times of vLLM 0.15 on H100 between 4 and 98
sequences of Llama-2-7B (32 KV heads, up to 24 waves): latency, one start-up and the KV at 95 % of the bandwidth, which
is what the timed calls themselves take per further token.

FlashAttention-2 hides nothing: of 2,295 mixed batches timed inside vLLM 0.19 on RTX 4090 and RTX PRO 6000
(LLMServingSim), contexts 1 : 4, the median takes as long as equal contexts of the same mean or longer, at every batch
size from 2 to 256 (0 to 16 %). Its thread blocks keep an SM from start-up to end; FlashAttention-3's persistent ones
load the next unit while they compute one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.cost.attention_forms import DecodeAttentionForm, Sizes
from simulator.hardware.fits import KernelFits
from simulator.hardware.profile import HardwareProfile

Floats = npt.NDArray[np.float64]

_BUSY_WAVES = 4.0
"""From so many waves on, a further token costs its load and nothing else."""


def hidden_share(overlap: float, device: HardwareProfile, fits: KernelFits, kv_dtype: str) -> float:
    """Share of the further waves' start-ups that hides on a device, ``overlap`` being the engine's.

    None off GPUs, which have no waves of units, and none under FlashAttention-2: the library that runs prompts and
    decodes of a step as one call (``KernelFits.mixed_attention``).
    """
    flash_attention_2 = ("bf16" if kv_dtype == "fp16" else kv_dtype) in fits.mixed_attention
    return 0.0 if device.kind != "gpu" or flash_attention_2 else overlap


def running_seconds(timed_s: Floats, overlap: float, form: DecodeAttentionForm, sequences: Sizes, kv: Sizes) -> Floats:
    """Seconds of a call in a running batch, on a grid of ``sequences`` (n, 1) by ``kv`` tokens each (m,).

    ``timed_s`` (n, m): with equal lengths. Of what it takes beyond its latency and its loads, each wave's start-up is
    an equal part; ``overlap`` (0..1) is the share of the further waves' parts that hides. Rises with ``kv`` where
    ``timed_s`` does; a call of one wave takes what was timed.
    """
    waves = np.maximum(1.0, form.units_per_sm(sequences, sequences))
    kv_tokens = sequences * kv
    loads_s = form.latency_seconds(sequences, sequences) + _token_seconds(timed_s, kv_tokens, waves) * kv_tokens
    start_ups_s = np.maximum(timed_s - loads_s, 0.0)
    return np.asarray(timed_s - overlap * (1.0 - 1.0 / waves) * start_ups_s)


def _token_seconds(timed_s: Floats, kv_tokens: Floats, waves: Floats) -> float:
    """Seconds per further KV token of calls that keep the device busy, the median over the grid."""
    slopes = np.diff(timed_s, axis=1) / np.diff(kv_tokens, axis=1)
    busy = waves[:, 0] >= min(_BUSY_WAVES, waves.max())
    return float(np.median(slopes[busy]))
