"""How much of a prompt anybody else can have in common with it."""

from __future__ import annotations

import numpy as np

from simulator.workload.table import IntColumn, PromptSegments

EVERYTHING = 2**62
"""More tokens than any request has: its answer too is named by another prompt."""


def shareable_tokens(segments: PromptSegments, output_segment: IntColumn | None = None) -> IntColumn:
    """Leading tokens of each request, shape (n,), that another request of the table may share.

    A segment that occurs once ends what can be shared: nobody else walks the path behind it. A prefix cache needs no
    names for those blocks. ``output_segment`` (n,): segments of the answers, -1 = unnamed.
    """
    rows = len(segments.offsets) - 1
    names, named = segments.segment, np.empty(0, dtype=np.int64)
    if output_segment is not None:
        named = output_segment[output_segment >= 0]
    _, inverse, counts = np.unique(np.concatenate([names, named]), return_inverse=True, return_counts=True)
    common = counts[inverse[: len(names)]] > 1

    row_of = np.repeat(np.arange(rows), np.diff(segments.offsets))
    # Unique segments seen so far within the row, the current one included: 0 while the path is still shared.
    unique = np.cumsum(~common, dtype=np.int64)
    at_start = np.concatenate((np.zeros(1, dtype=np.int64), unique))[segments.offsets[:-1]]
    leading = unique == at_start[row_of]
    shared = np.bincount(row_of[leading], weights=segments.tokens[leading], minlength=rows).astype(np.int64)
    if output_segment is not None:
        prompt = np.bincount(row_of, weights=segments.tokens, minlength=rows).astype(np.int64)
        answer_named = (output_segment >= 0) & np.isin(output_segment, names)
        shared[(shared == prompt) & answer_named] = EVERYTHING
    return shared
