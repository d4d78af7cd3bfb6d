"""What a case says only because somebody looked at its measurement: taken away for the second score."""

from __future__ import annotations

from dataclasses import replace

from simulator.validation.case import Case
from simulator.validation.sweep import PREFIX_UNKNOWN

_KV_AS_PUBLISHED = {"inferencex": "fp8"}
"""KV format of the published set-up, where the case holds the one its measured latencies point to."""

_KV_BLOCKS_INFERRED = ("llmd",)
"""Groups whose ``num_kv_blocks`` was read off the number of resident tokens."""


def without_inferred(case: Case) -> Case:
    """The case as its set-up alone describes it.

    KV capacity from the memory model (llmd), published KV format (inferencex), no top-p cost, the nominal group
    prefix served from the cache at a prompt's first use, and an empty cache at the start of a run out of a sweep.
    """
    engine, workload = case.engine, case.workload
    if case.group in _KV_BLOCKS_INFERRED:
        engine = replace(engine, num_kv_blocks=None)
    scheme = "none" if workload.prefix.scheme == PREFIX_UNKNOWN else workload.prefix.scheme
    prefix = replace(workload.prefix, scheme=scheme, group_prefix_tokens=workload.prefix.group_prefix_tokens_nominal)
    return replace(
        case,
        engine=engine,
        kv_dtype=_KV_AS_PUBLISHED.get(case.group, case.kv_dtype),
        top_p_sampling=False,
        workload=replace(workload, prefix=prefix),
    )
