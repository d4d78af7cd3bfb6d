"""Attention timed with several libraries on one device: the fastest one is what a server would run.

The project's own harness times every attention kernel that torch offers. Constants describe one kernel, so the others
are dropped by name.
"""

from __future__ import annotations

import pandas as pd

from calibration.dropped import Dropped, split_off
from calibration.words import words

_ATTENTION = ("attn_prefill", "attn_decode")
_SHAPE = ["batch", "q_len", "kv_len", "heads", "kv_heads", "head_dim", "window"]
_FORMAT = ["op", "dtype", "kv_dtype"]


def keep_fastest_attention(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rows with one attention library per source, kernel class and formats; the others' are dropped.

    Libraries are compared by the median of their times over the best on the shapes that several of them were
    timed on; a library that shares no shape with another one is left alone.
    """
    attention = rows[rows["op"].isin(_ATTENTION)]
    keys = [words(attention, name) for name in ("source", *_FORMAT)]
    library = words(attention, "kernel")
    shape = attention[_SHAPE].groupby([*keys, *_SHAPE], dropna=False).ngroup()
    shared = library.groupby(shape).transform("nunique") > 1
    if not shared.any():
        return rows, []
    best = attention["time_us"].groupby(shape).transform("min")
    slower = (attention["time_us"] / best)[shared]
    middle = slower.groupby([column[slower.index] for column in (*keys, library)]).median()
    fastest = middle.groupby(level=list(range(len(keys)))).transform("min")
    losers = set(middle.index[middle > fastest])
    mine = pd.Series(list(zip(*keys, library, strict=True)), index=attention.index)
    bad = mine.isin(losers).reindex(rows.index, fill_value=False).to_numpy(dtype=bool)
    return split_off(rows, bad, "attention library slower than another one on the shapes of both")
