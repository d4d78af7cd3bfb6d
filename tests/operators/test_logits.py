"""After the LM head: logits of a split vocabulary are gathered on every rank, copied in 32 bits, and sampled."""

from __future__ import annotations

import pytest

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import OperatorTime, ReadableStepCost
from simulator.hardware.catalog import load_hardware
from simulator.models.catalog import load_model
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes, Layout
from simulator.operators.step import sampled_work

MODEL = load_model("llama-3.1-8b")
WORDS = 64 * 128_256


def test_bytes_by_hand() -> None:
    work = {item.name: item for item in sampled_work(MODEL, Layout(Dtypes(), 4), 64)}
    assert list(work) == ["lm_head", "logits_gather", "logits_copy", "sampling"]
    assert work["logits_gather"].collective_bytes == 2 * WORDS
    assert (work["logits_copy"].bytes_read, work["logits_copy"].bytes_written) == (2 * WORDS, 4 * WORDS)
    assert work["sampling"].bytes_read == 4 * WORDS


def test_one_rank_has_all_its_logits() -> None:
    assert "logits_gather" not in {item.name for item in sampled_work(MODEL, Layout(Dtypes()), 64)}


def rows(hardware: str, tp: int, peer_access: bool = True) -> dict[str, OperatorTime]:
    device = load_hardware(hardware).with_peer_access(peer_access)
    deployment = Deployment.of(MODEL, device, tensor_parallel_size=tp)
    step = StepFeatures(tokens=64, sampled=64, decode_seqs=64, decode_queries=64, decode_kv=64_000)
    found = ReadableStepCost(deployment).breakdown(step)
    assert sum(row.seconds for row in found) == pytest.approx(CompiledStepCost(deployment).seconds(step), 1e-12)
    return {row.name: row for row in found}


@pytest.mark.parametrize("hardware", ["h100", "a100", "rtx-pro-6000", "v6e", "mi300x", "trn2", "gaudi3"])
def test_every_kind_of_device_times_the_gather(hardware: str) -> None:
    gather = rows(hardware, 2)["logits_gather"]
    device = load_hardware(hardware)
    assert gather.seconds >= WORDS / device.group_bytes_per_s(2)  # half of 2 bytes a word comes from the other rank
    assert (gather.bound, gather.roofline) == ("network", None)


def test_staging_in_host_memory_takes_twice_as_long() -> None:
    direct, staged = (rows("rtx-pro-6000", 2, peer)["logits_gather"].seconds for peer in (True, False))
    assert staged == pytest.approx(2 * direct, rel=0.1)
