"""Start-ups of decode attention that hide in a running batch."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import engine_files, load_engine
from simulator.cost.step_cost import ReadableStepCost
from simulator.errors import InputError
from simulator.operators.features import StepFeatures


def with_overlap(share: float, device: str = "h100") -> Deployment:
    """Llama-2-7B (32 KV heads) under vLLM, the share replaced."""
    deployment = Deployment.of("meta-llama/Llama-2-7b-hf", device)
    return replace(deployment, engine=replace(deployment.engine, decode_overlap=share))


def attention_s(deployment: Deployment, sequences: int, context: int) -> float:
    """Seconds of one layer's decode attention."""
    rows = ReadableStepCost(deployment).breakdown(step(sequences, context))
    return next(row.seconds for row in rows if row.name == "decode_attention") / deployment.model.num_layers


def step(sequences: int, context: int) -> StepFeatures:
    return StepFeatures(
        tokens=sequences, sampled=sequences, decode_seqs=sequences, decode_queries=sequences,
        decode_kv=sequences * context,
    )  # fmt: skip


def test_a_wave_by_itself_has_nothing_to_hide_behind() -> None:
    alone = [attention_s(with_overlap(share), 4, 800) for share in (0.0, 1.0)]  # 128 units, 132 SMs
    assert alone[0] == pytest.approx(alone[1], rel=1e-12)


@pytest.mark.parametrize("sequences", [12, 24, 64])
def test_more_waves_take_their_loads_beside_one_start_up(sequences: int) -> None:
    timed, running = (attention_s(with_overlap(share), sequences, 715) for share in (0.0, 1.0))
    deployment = with_overlap(1.0)
    nbytes = sequences * 715 * 2 * 32 * 128 * 2
    loads = nbytes / deployment.hardware.memory_bytes_per_s
    assert loads < running < timed
    assert running - loads / 0.95 < 20e-6  # launch and one start-up; not one for every four sequences


def test_a_device_without_waves_of_units_hides_nothing() -> None:
    timed, running = (attention_s(with_overlap(share, "tpu-v6e"), 64, 715) for share in (0.0, 1.0))
    assert timed == running


def test_a_share_hides_that_share() -> None:
    none, half, all_of_it = (attention_s(with_overlap(share), 24, 768) for share in (0.0, 0.5, 1.0))
    assert half == pytest.approx((none + all_of_it) / 2, rel=1e-9)


@pytest.mark.parametrize("device", ["h100", "a100", "l40s"])
def test_steps_never_get_shorter_as_contexts_grow(device: str) -> None:
    cost = CompiledStepCost(with_overlap(1.0, device))
    times = np.array([[cost.seconds(step(n, kv)) for kv in range(16, 4096, 80)] for n in (1, 7, 24, 90)])
    assert np.all(np.diff(times, axis=1) >= -1e-15)


def test_a_share_above_one_is_refused(tmp_path: Path) -> None:
    [file] = [path for path in engine_files() if path.stem == load_engine("vllm").name]
    text = re.sub(r"(decode_overlap: {.*high: )[\d.]+", r"\g<1>1.5", file.read_text(encoding="utf-8"))
    broken = tmp_path / "broken.yaml"
    broken.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"decode_overlap\.high: must be 1 at most"):
        load_engine(broken)
