"""Decode attention of a running batch against a timed call: start-ups that hide behind other sequences' loads.

Tables time sequences of one length, whose units (one sequence and KV head each) start, load and end together: every
further wave of units shows its start-up beside its loads. In a running batch no two contexts are equal, and while one
unit starts others load: only the first wave's start-up shows. Seen in step times of vLLM 0.15 on H100 between 4 and 98
sequences of Llama-2-7B (32 KV heads, up to 24 waves): latency, one start-up and the KV at 95 % of the bandwidth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.cost.attention_forms import DecodeAttentionForm, Sizes

Floats = npt.NDArray[np.float64]


def running_seconds(timed: Sizes, overlap: float, form: DecodeAttentionForm, sequences: Sizes, kv: Sizes) -> Floats:
    """Seconds of a call in a running batch; ``timed``: of equal lengths, ``sequences`` of ``kv`` tokens each.

    ``overlap``: share (0..1) of the start-ups of waves beyond the first that hides. What hides is no more than the
    closed form's start-ups, and leaves at least the loads beside one start-up, and the units' own time. Rises with
    ``kv`` where ``timed`` does.
    """
    least, start, per_kv_token = form.lines(sequences, sequences)
    one_start = form.latency_s + form.regroup_s * (sequences > 1) + form.ramp_s
    loads = np.maximum(least, one_start + per_kv_token * sequences * kv)
    hidden = np.clip(timed - loads, 0.0, np.maximum(start - one_start, 0.0))
    return np.asarray(timed - overlap * hidden)
