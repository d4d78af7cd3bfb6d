"""Decode attention of a running batch against a timed call: start-ups that hide behind other sequences' loads.

Tables time sequences of one length, whose units (one sequence and KV head each) start, load and end together: every
further wave of units shows its start-up beside its loads. In a running batch no two contexts are equal, and while one
unit starts others load: only the first wave's start-up shows. Seen in step times of vLLM 0.15 on H100 between 4 and 98
sequences of Llama-2-7B (32 KV heads, up to 24 waves): latency, one start-up and the KV at 95 % of the bandwidth, which
is what the timed calls themselves take per further token.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.cost.attention_forms import DecodeAttentionForm, Sizes

Floats = npt.NDArray[np.float64]

_BUSY_WAVES = 4.0
"""From so many waves on, a further token costs its load and nothing else."""


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
