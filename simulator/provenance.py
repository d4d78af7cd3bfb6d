"""Where a result comes from and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import simulator
from simulator.cost.uncertainty import Factors
from simulator.hardware.user_fits import content_hash
from simulator.metrics.work import OperatorShare
from simulator.run_title import dtypes_of
from simulator.wiring import Wiring
from simulator.workload.workload import Workload


def provenance(
    wiring: Wiring, workload: Workload, shares: Sequence[OperatorShare], step_band: Factors
) -> dict[str, Any]:
    """Model, device, engine and workload with their sources; how the seconds are known.

    ``time_share_by_provenance``: share of the step time whose kernel class is measured, fitted, transferred or
    nominal.
    ``step_time_band``: 80 % band of the mean step's time, as factors (``cost.uncertainty``); queues amplify it.
    ``operators``: of each, seconds of the mean step, what bounds it, and how its time is known and how surely.
    ``dtypes``: formats of weights, activations and KV cache. ``calibration``: the user's own files, by content.
    """
    deployment, calibration = wiring.deployment, wiring.scenario.calibration
    own = {"fits": calibration.fits, "exact": calibration.exact}
    total = sum(share.seconds for share in shares)
    by_provenance: dict[str, float] = {}
    for share in shares:
        by_provenance[share.provenance] = by_provenance.get(share.provenance, 0.0) + share.seconds / total
    return {
        "inferplan": simulator.__version__,
        "model": {"name": deployment.model.name, "parameters": deployment.model.parameters},
        "hardware": {"name": deployment.hardware.name, "sources": list(deployment.hardware.sources)},
        "dtypes": dtypes_of(wiring),
        "calibration": {
            key: {"file": file, "sha256": content_hash(file)} for key, file in own.items() if file is not None
        },
        "engine": {"name": deployment.engine.name, "source": deployment.engine.source},
        "workload": workload.description,
        "kv_blocks_per_replica": wiring.engine.num_blocks,
        "time_share_by_provenance": by_provenance,
        "step_time_band": list(step_band),
        "operators": {share.name: _known(share) for share in shares},
    }


def _known(share: OperatorShare) -> dict[str, Any]:
    """``layer``: of the cost model, L0 to L3; ``median_error``, ``band_80``: of one kernel of the class, relative."""
    return {
        "ms_per_step": 1e3 * share.seconds,
        "bound": share.bound,
        "kernel_class": share.kernel_class,
        "provenance": share.provenance,
        "layer": share.layer,
        "median_error": share.median_error,
        "band_80": list(share.factors),
    }
