"""Where a result comes from and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import simulator
from simulator.metrics.work import OperatorShare, step_error
from simulator.wiring import Wiring
from simulator.workload.workload import Workload


def provenance(wiring: Wiring, workload: Workload, shares: Sequence[OperatorShare]) -> dict[str, Any]:
    """Model, device, engine and workload with their sources; how the seconds are known.

    ``time_share_by_provenance``: share of the step time whose kernel class is measured, fitted, transferred or
    nominal.
    ``step_time_error``: typical relative error of a step, the time-weighted mean of its kernel classes' median errors.
    It is no bound: half of the kernels err by more, and queues amplify it. ``dtypes``: formats of weights, activations
    and KV cache.
    """
    deployment = wiring.deployment
    total = sum(share.seconds for share in shares)
    by_provenance: dict[str, float] = {}
    for share in shares:
        by_provenance[share.provenance] = by_provenance.get(share.provenance, 0.0) + share.seconds / total
    return {
        "inferplan": simulator.__version__,
        "model": {"name": deployment.model.name, "parameters": deployment.model.parameters},
        "hardware": {"name": deployment.hardware.name, "sources": list(deployment.hardware.sources)},
        "dtypes": {
            "weights": deployment.dtypes.weights,
            "activations": deployment.dtypes.activations,
            "kv_cache": deployment.dtypes.kv,
        },
        "engine": {"name": deployment.engine.name, "source": deployment.engine.source},
        "workload": workload.description,
        "kv_blocks_per_replica": wiring.engine.num_blocks,
        "time_share_by_provenance": by_provenance,
        "step_time_error": step_error(shares),
    }
