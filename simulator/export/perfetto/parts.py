"""What a step consists of: seconds by part and operator, which add up to the step."""

from __future__ import annotations

from simulator.cost.step_cost import ReadableStepCost
from simulator.operators.features import FEATURE_NAMES, StepFeatures

Parts = dict[str, dict[str, float]]
"""Seconds by operator, by part; operators of one name are one."""

PARTS = {
    "gemm": "linear layers",
    "weight_only_gemm": "linear layers",
    "absorbed_matmul": "linear layers",
    "latent_prefill": "prefill attention",
    "latent_decode": "decode attention",
    "moe": "experts",
    "weight_only_moe": "experts",
    "stream": "element-wise kernels",
    "host": "host",
}
"""What kernel classes are called on the middle level; attention keeps its name, whatever communicates is named so."""

_DECODE = "decode attention"
_FLOOR = "launch_floor"


class StepParts:
    """Breakdowns of steps, remembered: in steps that only decode nothing but decode attention follows the context.

    The readable cost model takes milliseconds per step. Where an equal step with no longer contexts is known, the rest
    of it is taken over, and decode attention is what then remains of the step. Steps that wait for launches are left
    out: their wait depends on all kernels.
    """

    def __init__(self, cost: ReadableStepCost) -> None:
        self._cost = cost
        self._known: dict[tuple[int, ...], Parts] = {}

    def of(self, features: StepFeatures, seconds: float) -> Parts:
        """Parts of a step that takes ``seconds``."""
        if features.prefill_seqs:
            return self.breakdown(features)
        key = tuple(getattr(features, name) for name in FEATURE_NAMES if name != "decode_kv")
        known = self._known.get(key)
        if known is not None and _FLOOR not in known.get("host", {}) and known.get(_DECODE):
            attention_s = sum(known[_DECODE].values())
            rest_s = sum(sum(rows.values()) for part, rows in known.items() if part != _DECODE)
            factor = (seconds - rest_s) / attention_s
            if factor >= 1:
                return known | {_DECODE: {name: own_s * factor for name, own_s in known[_DECODE].items()}}
        found = self._known[key] = self.breakdown(features)
        return found

    def breakdown(self, features: StepFeatures) -> Parts:
        """As the cost model says it, host terms last."""
        found: Parts = {}
        for row in self._cost.breakdown(features):
            rows = found.setdefault(_part(row.kernel_class), {})
            rows[row.name] = rows.get(row.name, 0.0) + row.seconds
        return found


def _part(kernel_class: str) -> str:
    if kernel_class in PARTS:
        return PARTS[kernel_class]
    return kernel_class.replace("_", " ") if kernel_class.endswith("attention") else "communication"
