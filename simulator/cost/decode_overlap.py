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
    further = further_start_ups(form, sequences)
    least = form.lines(sequences, sequences)[0]
    loads = np.maximum(least, form.seconds(sequences, sequences, sequences * kv) - further)
    return np.asarray(timed - overlap * np.clip(timed - loads, 0.0, further))


def further_start_ups(form: DecodeAttentionForm, sequences: Sizes) -> Sizes:
    """Seconds that the closed form adds for the start-ups of all waves but the first, one query for each sequence."""
    waves = np.maximum(1.0, form.kv_heads_per_sm * sequences * np.maximum(1.0, form.group_rows))
    return form.ramp_s * (waves**form.ramp_exponent - 1.0)
