"""Every catalog model loads and estimates on every device that can hold it: a sample of the pairs."""

from __future__ import annotations

import pytest

from simulator.cost.coverage import as_csv, coverage
from simulator.cost.deployment import Deployment
from simulator.cost.memory import kv_plan, weight_bytes_per_gpu
from simulator.hardware.catalog import list_hardware, load_hardware
from simulator.models.catalog import list_models, load_model

SAMPLED_DEVICES = [name for name in ("H100-SXM5-80GB", "A100-SXM4-80GB", "L40S") if name in list_hardware()]


@pytest.mark.parametrize("device", SAMPLED_DEVICES)
def test_every_model_that_a_link_domain_holds_is_estimated(device: str) -> None:
    rows = list(coverage(hardware=[device]))
    assert len(rows) == len(list_models())
    hardware = load_hardware(device)
    for row in rows:
        if row.tensor_parallel_size is None:
            model = load_model(row.model)
            assert "fit" in row.reason or "must divide" in row.reason, row
            bytes_each = 2.0 if model.quantization is None else 0.5
            least = bytes_each * model.parameters / hardware.link.domain
            assert "must divide" in row.reason or least > 0.3 * hardware.usable_memory_bytes, row
            continue
        assert row.ttft_ms is not None
        assert row.tpot_ms is not None
        assert row.kv_cache_tokens is not None
        assert 0 < row.tpot_ms < 1000
        assert row.tpot_ms < row.ttft_ms < 20_000
        assert row.kv_cache_tokens >= 16


@pytest.mark.slow
def test_every_pair() -> None:
    rows = list(coverage())
    assert len(rows) == len(list_models()) * len(list_hardware())
    assert all(row.reason if row.tensor_parallel_size is None else row.tpot_ms for row in rows)


def test_table_as_csv() -> None:
    text = as_csv(coverage(models=["Llama-3.1-8B"], hardware=["H100-SXM5-80GB"]))
    header, row = text.splitlines()
    assert header.startswith("model,hardware,tensor_parallel_size,weights,ttft_ms,tpot_ms")
    assert row.startswith("Llama-3.1-8B,H100-SXM5-80GB,1,bf16,")


def test_weights_of_quantised_checkpoints() -> None:
    """gpt-oss-120b: 114.7 G of 116.8 G parameters are experts at 4.25 bits, the rest at 16: 61 GiB as published."""
    deployment = Deployment.of("gpt-oss-120b", "h100")
    assert weight_bytes_per_gpu(deployment) / 2**30 == pytest.approx(60.8, rel=0.01)
    awq = Deployment.of("Llama-3.1-70B-AWQ-INT4", "a100")
    assert awq.dtypes.activations == "bf16"
    assert weight_bytes_per_gpu(awq) / 1e9 == pytest.approx(68.451 * 4.15625 / 8 + 2.10 * 2, rel=0.002)


def test_fp8_checkpoints_run_weight_only_without_fp8_math() -> None:
    assert Deployment.of("Llama-3.1-8B-FP8", "h100").dtypes.activations == "fp8"
    assert Deployment.of("Llama-3.1-8B-FP8", "a100").dtypes.activations == "bf16"


def test_latents_are_replicated_on_every_rank() -> None:
    one, eight = (Deployment.of("DeepSeek-V3", "h200", tensor_parallel_size=tp) for tp in (1, 8))
    assert kv_plan(eight).kv_bytes_per_token_per_gpu == one.model.kv_bytes_per_token()


def test_state_limits_the_sequences() -> None:
    plan = kv_plan(Deployment.of("Mamba-2.8B", "l40s"), max_num_seqs=10_000)
    assert plan.max_sequences is not None
    assert 1000 < plan.max_sequences < 10_000
    assert plan.kv_bytes_per_token_per_gpu == 0
    used = plan.max_sequences * plan.state_bytes_per_sequence_per_gpu + plan.weight_bytes_per_gpu + plan.reserved_bytes
    assert used <= 0.9 * plan.total_bytes_per_gpu
