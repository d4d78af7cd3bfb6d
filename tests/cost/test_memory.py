"""Memory plan, against recorded vLLM block counts and by its own algebra."""

from __future__ import annotations

import json

import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.memory import default_limits, kv_plan
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.profile import GIB
from simulator.operators.layout import Dtypes
from tests.shared_data import SHARED, needs_shared


def test_the_plan_adds_up() -> None:
    plan = kv_plan(Deployment.of("Llama-3.1-8B", "h100"))
    assert plan.weight_bytes_per_gpu == 2 * 8_030_261_248
    assert plan.reserved_bytes == GIB
    assert plan.kv_bytes_per_token_per_gpu == 131_072
    used = plan.weight_bytes_per_gpu + plan.reserved_bytes + plan.kv_bytes_per_gpu
    slack = 0.9 * plan.total_bytes_per_gpu - used
    assert 0 <= slack < 16 * 131_072
    assert plan.usable_blocks == plan.num_blocks - 1  # vLLM's null block
    assert plan.max_tokens == 16 * plan.usable_blocks
    assert plan.batch_bytes_per_gpu(3, 33) == 3 * 3 * 16 * 131_072


def test_override_replaces_the_computed_blocks() -> None:
    assert kv_plan(Deployment.of("Llama-3.1-8B", "h100"), num_gpu_blocks_override=1000).num_blocks == 1000


def test_eight_bit_kv_doubles_the_tokens() -> None:
    wide = kv_plan(Deployment.of("Llama-3.1-8B", "h100"))
    narrow = kv_plan(Deployment.of("Llama-3.1-8B", "h100", dtypes=Dtypes.of("bf16", kv="fp8")))
    assert narrow.num_blocks == pytest.approx(2 * wide.num_blocks, rel=1e-4)


def test_replicated_kv_heads_do_not_shrink_the_cache_per_token() -> None:
    four = kv_plan(Deployment.of("Qwen3-30B-A3B", "h100", tensor_parallel_size=4))
    eight = kv_plan(Deployment.of("Qwen3-30B-A3B", "h100", tensor_parallel_size=8))
    assert four.kv_bytes_per_token_per_gpu == eight.kv_bytes_per_token_per_gpu


def test_too_large_a_model_says_by_how_much_and_what_fits() -> None:
    with pytest.raises(InputError) as caught:
        kv_plan(Deployment.of("Llama-3.1-70B", "h100"))
    assert "GiB too much for 0.9 of 79.1 GiB" in str(caught.value)
    assert "tensor_parallel_size 2 fits" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "limits"),
    [("h100", (8192, 1024)), ("h200", (8192, 1024)), ("b200", (8192, 1024)), ("a100", (2048, 256)),
     ("l40s", (2048, 256))],
)  # fmt: skip
def test_default_limits(name: str, limits: tuple[int, int]) -> None:
    assert default_limits(load_hardware(name)) == limits


@pytest.mark.parametrize(
    ("tp", "expected"),
    [
        (3, "must divide the 32 attention heads of Llama-3.1-8B"),
        (16, "must not exceed the 8 H100-SXM5-80GB"),
        (0, "must be at least 1"),
    ],
)
def test_impossible_deployments(tp: int, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        Deployment.of("Llama-3.1-8B", "h100", tensor_parallel_size=tp)
    assert expected in str(caught.value)


def test_a_format_without_math_is_refused_with_a_remedy() -> None:
    with pytest.raises(InputError) as caught:
        Deployment.of("Llama-3.1-8B", "a100", dtypes=Dtypes.of("fp8"))
    assert "A100-SXM4-80GB has no fp8 math" in str(caught.value)
    assert "dtypes.activations: bf16" in str(caught.value)
    weight_only = Deployment.of("Llama-3.1-8B", "a100", dtypes=Dtypes.of("fp8", activations="bf16"))
    assert kv_plan(weight_only).weight_bytes_per_gpu < 10 * GIB


@needs_shared
def test_recorded_block_counts_of_vllm() -> None:
    """Blocks of 16 tokens vLLM 0.15 logged on H100: within the spread of its reserve (0.3 to 1.4 GiB per GPU)."""
    seen = set()
    for line in (SHARED / "data/cases/cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        recorded = case["engine"].get("num_kv_blocks")
        if case["group"] != "vllm_h100_requests" or recorded is None:
            continue
        tp = case["parallel"]["tp"]
        deployment = Deployment.of(case["model"], "h100", tensor_parallel_size=tp)
        most = kv_plan(deployment, reserved_bytes=0.3 * GIB).num_blocks
        least = kv_plan(deployment, reserved_bytes=1.4 * GIB).num_blocks
        assert least <= recorded <= most, case["id"]
        seen.add(case["model"])
    assert len(seen) >= 3
