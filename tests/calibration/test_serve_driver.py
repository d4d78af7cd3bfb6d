"""The real server's driver against the simulated replica: same scheduler, same step times, so the same latencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from calibration.serve.predict import predict, score, step_errors
from calibration.serve.server import Served, serve
from calibration.serve.shape import LlamaShape
from calibration.serve.slot_cache import Chunk
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.engine.config import EngineConfig
from simulator.operators.features import StepFeatures
from simulator.workload.table import RequestTable

SHAPE = LlamaShape()
CONFIG = EngineConfig(
    num_blocks=8 * 64, max_num_seqs=8, max_num_batched_tokens=128, max_model_len=SHAPE.max_position_embeddings
)


class InventedClock:
    """Moves when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


class InventedDevice:
    """Takes as long as the cost model says, and answers with the number of the step."""

    def __init__(self, deployment: Deployment, clock: InventedClock) -> None:
        self._cost = CompiledStepCost(deployment, max_num_batched_tokens=CONFIG.max_num_batched_tokens)
        self._clock = clock
        self.seen: list[list[int]] = []
        self.slots: list[list[int]] = []

    def run(self, chunks: Sequence[Chunk], tokens: Sequence[list[int]], samples: Sequence[bool]) -> list[int]:
        features = StepFeatures(tokens=sum(chunk.new for chunk in chunks), sampled=sum(samples))
        for chunk, part in zip(chunks, tokens, strict=True):
            assert len(part) == chunk.new
            features.add_chunk(chunk.new, chunk.before)
        self.slots.append([chunk.slot for chunk in chunks])
        self._clock.wait(self._cost.seconds(features))
        return [len(self.slots)] * sum(samples)


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return Deployment.of(SHAPE.spec(), "cpu", engine="tensorrt-llm-0.14")


@pytest.fixture(scope="module")
def table() -> RequestTable:
    random = np.random.default_rng(3)
    arrivals = np.cumsum(random.exponential(0.002, 30))
    return RequestTable.from_columns(arrivals, random.integers(1, 300, 30), random.integers(1, 30, 30))


@pytest.fixture(scope="module")
def served(deployment: Deployment, table: RequestTable) -> tuple[Served, InventedDevice]:
    clock = InventedClock()
    device = InventedDevice(deployment, clock)
    return serve(table, CONFIG, device, vocab_size=100, clock=clock), device


def test_the_driver_serves_as_the_simulator_does(served, deployment: Deployment, table: RequestTable) -> None:
    run, _ = served
    simulated = predict(deployment, table, CONFIG)
    np.testing.assert_allclose(run.ttft_s, simulated.ttft_s, rtol=1e-9)
    np.testing.assert_allclose(run.tpot_s, simulated.tpot_s, rtol=1e-9)
    assert len(run.tpot_s) == (table.output_tokens > 1).sum()


def test_no_two_sequences_of_a_step_share_a_slot(served) -> None:
    _, device = served
    assert max(len(slots) for slots in device.slots) > 4
    for slots in device.slots:
        assert len(set(slots)) == len(slots)
        assert set(slots) <= set(range(CONFIG.max_num_seqs))


def test_a_perfect_prediction_scores_zero_and_a_slow_machine_its_factor(
    served, deployment: Deployment, table: RequestTable
) -> None:
    run, _ = served
    for found in score(deployment, table, CONFIG, [run]):
        assert found.error == pytest.approx(0.0, abs=1e-9)
        assert found.spread == 0.0
    slow = Served(run.arrival_s, run.first_token_s, run.finish_s, run.output_tokens)
    slow.steps = [(features, 2 * seconds) for features, seconds in run.steps]
    assert step_errors(deployment, CONFIG, [slow]) == pytest.approx((0.5, 0.5))
    step = score(deployment, table, CONFIG, [run, slow])[2]
    assert step.spread == pytest.approx(1 / 1.5)
