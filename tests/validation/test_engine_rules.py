"""What validation takes from an engine, a sweep and a checkpoint where the case leaves it open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.models.attention import GQAAttention
from simulator.validation.assemble import Setup, assemble
from simulator.validation.case import Case
from simulator.validation.inferred import without_inferred
from simulator.validation.models_table import read_models
from simulator.validation.prepared import PreparedCase, prepare
from simulator.validation.read import read_cases
from simulator.validation.requests import case_requests
from simulator.validation.sweep import swept_before
from tests.validation.case_files import MODEL_ROW, fixed_batch, record, write_cases, write_requests

OLD_STACK = "unknown (2023 stack, probably vLLM 0.2-class)"


def read(folder: Path, content: dict[str, Any], **model: str) -> Case:
    [case] = read_cases(write_cases(folder, content, models=({**MODEL_ROW, **model},)))
    return case


def setup(folder: Path, content: dict[str, Any], **model: str) -> Setup:
    case = read(folder, content, **model)
    return assemble(case, case_requests(case).workload, read_models(folder / "models.csv"))


def swept(folder: Path, blocks: int, scheme: str = "unknown", *, inferred: bool = True) -> PreparedCase:
    """Ten prompts of 640 tokens (40 blocks each) replayed out of a sweep."""
    rows = [{"arrival_s": float(i), "prompt_tokens": 640, "output_tokens": 5, "ttft_ms": 9.0} for i in range(10)]
    write_requests(folder / "requests.csv.gz", rows)
    case = read(
        folder,
        record(
            workload={"kind": "trace", "requests_file": "requests.csv.gz", "prefix_sharing": {"scheme": scheme}},
            engine={"num_kv_blocks": blocks, "enable_prefix_caching": True},
            ttft_point="engine",
        ),
    )
    return prepare(case if inferred else without_inferred(case), read_models(folder / "models.csv"))


def ttft_ms(prepared: PreparedCase) -> float:
    return prepared.prediction(prepared.simulate(prepared.cost())).figures["ttft_mean_ms"]


def test_a_record_of_the_2023_stack_runs_with_its_profile(tmp_path: Path) -> None:
    engine = {"name": OLD_STACK, "version": None, "enable_chunked_prefill": False, "num_kv_blocks": None}
    found = setup(tmp_path, fixed_batch(batch=2, prompt=64, output=4, engine=engine))
    assert found.deployment.engine.name == "vllm-0.2"
    assert found.deployment.engine.layer_floor_s > 0


def test_neuron_cores_are_ranks_and_chips_devices(tmp_path: Path) -> None:
    content = fixed_batch(
        batch=1,
        prompt=96,
        output=32,
        hardware="AWS Trainium1",
        parallel={"tp": 8, "tp_unit": "NeuronCore", "tp_chips": 4},
        engine={"name": "transformers-neuronx", "version": None, "num_kv_blocks": None},
    )
    found = setup(tmp_path, content).deployment
    assert found.tensor_parallel_size == 4
    assert found.layout.ranks_per_device == 2
    assert found.context_tokens == 128


@pytest.mark.parametrize(("cores", "chips", "heads"), [(8, 4, 4), (24, 12, 2), (32, 16, 2)])
def test_neuron_pads_heads_that_its_cores_do_not_divide(tmp_path: Path, cores: int, chips: int, heads: int) -> None:
    """16 heads: 2 a core on 8 cores; on 24 or 32 every core holds one."""
    content = fixed_batch(
        batch=1,
        prompt=96,
        output=32,
        hardware="AWS Inferentia2" if chips == 12 else "AWS Trainium1",
        parallel={"tp": cores, "tp_unit": "NeuronCore", "tp_chips": chips},
        engine={"name": "transformers-neuronx", "version": None, "num_kv_blocks": None},
    )
    found = setup(tmp_path, content).deployment
    attention = found.model.layers[0].attention
    assert isinstance(attention, GQAAttention)
    assert found.layout.heads(attention) == (heads, 2)


def test_a_pool_that_holds_every_prompt_starts_a_run_of_a_sweep_warm(tmp_path: Path) -> None:
    cold = ttft_ms(swept(tmp_path, 1000, "none"))
    assert ttft_ms(swept(tmp_path, 1000)) < 0.9 * cold
    # Ten prompts of 40 blocks evict each other from a pool of 100.
    assert ttft_ms(swept(tmp_path, 101)) == pytest.approx(cold, rel=1e-6)


def test_a_warm_start_is_inferred(tmp_path: Path) -> None:
    assert ttft_ms(swept(tmp_path, 1000, inferred=False)) == ttft_ms(swept(tmp_path, 1000, "none"))


def test_the_run_before_is_not_scored(tmp_path: Path) -> None:
    requests = swept_before(swept(tmp_path, 1000, "none").requests)
    assert np.flatnonzero(requests.scored).tolist() == list(range(10, 20))
    assert np.isnan(requests.measured["ttft_ms"][:10]).all()
    assert requests.workload.table.arrival_s[10] > 600


@pytest.mark.parametrize(
    ("notes", "kept"),
    [
        ("attention, router and LM head stay bf16 in this checkpoint", ("attention",)),
        ("experts in MXFP4; attention, router, embeddings and LM head stay bf16", ("attention",)),
        ("FP8 per-tensor; embeddings and LM head stay bf16", ()),
        ("", ()),
    ],
)
def test_what_a_checkpoint_leaves_in_16_bit(tmp_path: Path, notes: str, kept: tuple[str, ...]) -> None:
    weights, math = ("mxfp4", "bf16") if "MXFP4" in notes else ("fp8", "fp8")
    content = record(weight_dtype=weights, act_dtype=math)
    assert setup(tmp_path, content, notes=notes).deployment.dtypes.unquantised == kept
