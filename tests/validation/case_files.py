"""Hand-made case files: a record of the documented format, changed where a test wants it."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

MODEL_ROW = {
    "id": "tests/tiny",
    "num_layers": "4",
    "hidden_size": "2048",
    "num_attention_heads": "16",
    "num_key_value_heads": "8",
    "head_dim": "128",
    "intermediate_size": "8192",
    "vocab_size": "32000",
    "num_experts": "",
    "experts_per_token": "",
    "moe_intermediate_size": "",
    "shared_expert_intermediate_size": "",
    "mlp_matrices": "3",
    "tie_embeddings": "False",
    "max_position": "8192",
    "attention_kind": "GQA",
    "sliding_window": "",
    "qkv_bias": "False",
    "notes": "",
    "verification": "made up",
}


def record(**changes: Any) -> dict[str, Any]:
    """A closed loop of four clients, 20 requests of 100 + 11 tokens; ``workload``, ``engine``, ... are merged in."""
    base: dict[str, Any] = {
        "id": "tiny-closed",
        "group": "tiny",
        "quality": "A",
        "model": "tests/tiny",
        "weight_dtype": "bf16",
        "act_dtype": "bf16",
        "kv_dtype": "bf16",
        "hardware": "NVIDIA H100-SXM5-80GB",
        "num_chips": 1,
        "replicas": 1,
        "parallel": {"tp": 1, "pp": 1, "dp": 1, "ep": 1},
        "engine": {"name": "vllm", "version": "0.15.1", "num_kv_blocks": 1000, "enable_prefix_caching": False},
        "disaggregation": None,
        "speculative": None,
        "workload": {
            "kind": "closed_loop",
            "concurrency": 4,
            "num_requests": 20,
            "prompt_tokens": {"fixed": 100},
            "output_tokens": {"fixed": 11},
            "prefix_sharing": {"scheme": "none"},
        },
        "measured": {"ttft_ms": {"mean": 10.0}, "tpot_ms": {"mean": 1.0}},
        "sampling": None,
        "score_metrics": None,
        "ttft_point": "client",
    }
    for key, value in changes.items():
        merge = isinstance(value, dict) and isinstance(base.get(key), dict)
        base[key] = {**base[key], **value} if merge else value
    return base


def fixed_batch(batch: int, prompt: int, output: int, **changes: Any) -> dict[str, Any]:
    """One batch, prefilled together, then decoded in lock-step."""
    workload = {
        "kind": "fixed_batch",
        "batch": batch,
        "concurrency": None,
        "prompt_tokens": {"fixed": prompt},
        "output_tokens": {"fixed": output},
    }
    return record(workload=workload, **changes)


def write_cases(folder: Path, *records: dict[str, Any], models: tuple[dict[str, str], ...] = (MODEL_ROW,)) -> Path:
    """``cases.jsonl`` and ``models.csv`` in a folder."""
    with (folder / "models.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(MODEL_ROW))
        writer.writeheader()
        writer.writerows(models)
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def write_requests(path: Path, rows: list[dict[str, Any]]) -> None:
    """A request file beside the cases."""
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
