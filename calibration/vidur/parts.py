"""Iterations taken apart: Vidur's table, the same rebuilt from its profiles, and our closed forms on them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.vidur.iteration import COMMUNICATION, Batch, VidurIteration
from calibration.vidur.profiles import TOKEN_PARTS
from simulator.cost.step_cost import ReadableStepCost
from simulator.operators.features import StepFeatures

OUR_OPERATORS = {
    "qkv": "attn_pre_proj",
    "o_proj": "attn_post_proj",
    "rope_kv_write": "attn_rope",
    "decode_attention": "attn_decode",
    "prefill_attention": "attn_prefill",
    "gate_up": "mlp_up",
    "down": "mlp_down",
    "activation": "mlp_act",
    "attention_norm": "norms_and_add",
    "ffn_norm": "norms_and_add",
    "attention_all_reduce": COMMUNICATION,
    "ffn_all_reduce": COMMUNICATION,
}
"""Our operator -> Vidur's part. Our norms add the residual in the same kernel, as serving engines do; Vidur's additions
are kernels of their own, so they are compared together."""

OUTSIDE = "outside_layers"
"""Embedding, final norm, LM head and sampling: Vidur leaves them out."""

_FUSED = ("attn_norm", "mlp_norm", "add")
PARTS = (
    *(part for part in TOKEN_PARTS if part not in _FUSED), "norms_and_add", "attn_decode", "attn_prefill",
    COMMUNICATION,
)  # fmt: skip


def compare_parts(
    table: pd.DataFrame, rebuilt: VidurIteration, ours: ReadableStepCost, num_layers: int
) -> pd.DataFrame:
    """Long form: one row per (iteration, part) with ``vidur_us``, ``rebuilt_us``, ``ours_us`` per layer.

    Part ``iteration`` is the whole in microseconds per layer, ours without what stands outside the layers; part
    ``outside_layers`` is that remainder.
    """
    rows = []
    for index, (_, iteration) in enumerate(table.iterrows()):
        batch = _batch(iteration)
        theirs = _merged({part: float(iteration[f"{part}_us_per_layer"]) for part in rebuilt.parts(batch)})
        again = _merged(rebuilt.parts(batch))
        own = _our_parts(ours, batch, num_layers)
        for part in PARTS:
            if theirs[part] > 0:
                rows.append((index, part, theirs[part], again[part], own[part]))
        whole = float(iteration["iteration_ms"]) * 1e3 / num_layers
        rows.append((index, "iteration", whole, sum(again.values()), sum(own.values()) - own[OUTSIDE]))
        rows.append((index, OUTSIDE, 0.0, 0.0, own[OUTSIDE]))
    return pd.DataFrame(rows, columns=["row", "part", "vidur_us", "rebuilt_us", "ours_us"])


def part_errors(parts: pd.DataFrame) -> pd.DataFrame:
    """Per part: its share of Vidur's time; median and 90th percentile of the absolute relative differences, percent;
    of ours the median signed one, and what the part adds to the difference of the iteration (``ours_adds``, mean over
    all iterations, percent of the iteration)."""
    rows = []
    iterations = parts[parts["part"] == "iteration"].set_index("row")["vidur_us"]
    whole = iterations.sum()
    for part in (*PARTS, "iteration"):
        chosen = parts[parts["part"] == part]
        rebuilt, ours = (chosen[name] / chosen["vidur_us"] - 1 for name in ("rebuilt_us", "ours_us"))
        rows.append(
            {
                "part": part,
                "n": len(chosen),
                "share": chosen["vidur_us"].sum() / whole,
                "rebuilt_median": 100 * rebuilt.abs().median(),
                "rebuilt_p90": 100 * rebuilt.abs().quantile(0.9),
                "ours_median": 100 * ours.abs().median(),
                "ours_p90": 100 * ours.abs().quantile(0.9),
                "ours_bias": 100 * ours.median(),
                "ours_adds": 100 * float(_added(chosen, iterations).sum() / len(iterations)),
            }
        )
    return pd.DataFrame(rows)


def _added(chosen: pd.DataFrame, iterations: pd.Series) -> pd.Series:
    """Difference of a part in each iteration, as a share of the iteration."""
    by_row = chosen.set_index("row")
    return ((by_row["ours_us"] - by_row["vidur_us"]) / iterations).dropna()


def outside_share(parts: pd.DataFrame) -> float:
    """Median over iterations of what we time outside the layers, as a share of Vidur's iteration."""
    outside = parts[parts["part"] == OUTSIDE]["ours_us"].to_numpy()
    return float(np.median(outside / parts[parts["part"] == "iteration"]["vidur_us"].to_numpy()))


def _batch(row: pd.Series) -> Batch:
    """One row of Vidur's table."""
    count, context, tokens = int(row["batch_size"]), int(row["kv_len"]), int(row["tokens_per_request"])
    if row["kind"] == "decode":
        return Batch([context] * count, [])
    return Batch([], [(context, tokens)] * count)


def features_of(batch: Batch) -> StepFeatures:
    """The same iteration in the statistics our cost model reads."""
    decoding = len(batch.decode_contexts)
    features = StepFeatures(
        tokens=batch.tokens,
        sampled=decoding + len(batch.chunks),
        decode_seqs=decoding,
        decode_queries=decoding,
        decode_kv=sum(batch.decode_contexts),
    )
    for cached, new in batch.chunks:
        features.add_chunk(new, cached)
    return features


def _merged(parts: dict[str, float]) -> dict[str, float]:
    kept = {part: us for part, us in parts.items() if part not in _FUSED}
    return {**kept, "norms_and_add": sum(parts[part] for part in _FUSED)}


def _our_parts(cost: ReadableStepCost, batch: Batch, num_layers: int) -> dict[str, float]:
    found = dict.fromkeys((*PARTS, OUTSIDE), 0.0)
    for operator in cost.breakdown(features_of(batch)):
        found[OUR_OPERATORS.get(operator.name, OUTSIDE)] += operator.seconds * 1e6 / num_layers
    return found
