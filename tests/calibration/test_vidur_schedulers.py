"""Vidur's schedulers by hand, and the replay against the simulator's own clock."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration.vidur.replay import batch_of, replay
from calibration.vidur.schedulers import core_for
from simulator.cluster.simulation import simulate
from simulator.engine.plan import StepPlan
from simulator.operators.features import StepFeatures
from simulator.workload.table import RequestTable
from simulator.workload.workload import Workload

BLOCKS = 4096


def requests(*rows: tuple[float, int, int]) -> pd.DataFrame:
    """A list of (arrival in seconds, prompt tokens, output tokens)."""
    return pd.DataFrame(rows, columns=["arrived_at_s", "num_prefill_tokens", "num_decode_tokens"])


def one_second(plan: StepPlan) -> float:
    return 1.0


def test_prompts_stop_decodes() -> None:
    """The second prompt arrives during the first decode and takes the step after it alone."""
    seen = []

    def seconds(plan: StepPlan) -> float:
        seen.append(batch_of(plan))
        return 1.0

    done = replay(requests((0.0, 100, 4), (1.5, 50, 2)), core_for("vllm", BLOCKS), seconds)
    assert [(list(batch.decode_contexts), list(batch.chunks)) for batch in seen] == [
        ([], [(0, 100)]),
        ([101], []),
        ([], [(0, 50)]),
        ([102, 51], []),
        ([103], []),
    ]
    assert done.requests["prefill_completed_at_s"].tolist() == [1.0, 3.0]
    assert done.requests["completed_at_s"].tolist() == [5.0, 4.0]


def test_prompts_of_a_step_count_as_padded() -> None:
    """3 x 1,500 = 4,500 padded tokens are too many although 1,500 + 1,000 + 1,000 would fit."""
    done = replay(requests((0.0, 1500, 1), (0.0, 1000, 1), (0.0, 1000, 1)), core_for("vllm", BLOCKS), one_second)
    assert done.requests["scheduled_at_s"].tolist() == [0.0, 0.0, 1.0]


def test_sarathi_fills_steps_of_512_beside_decodes() -> None:
    seen = []

    def seconds(plan: StepPlan) -> float:
        seen.append(batch_of(plan))
        return 1.0

    replay(requests((0.0, 100, 4), (0.5, 1000, 1)), core_for("sarathi", BLOCKS), seconds)
    assert [(len(batch.decode_contexts), list(batch.chunks)) for batch in seen] == [
        (0, [(0, 100)]),
        (1, [(0, 511)]),
        (1, [(511, 489)]),
        (1, []),
    ]


def test_shortage_of_blocks_delays_admission() -> None:
    done = replay(requests((0.0, 1000, 3), (0.0, 1000, 1)), core_for("vllm", 100), one_second)
    assert done.requests["scheduled_at_s"].tolist() == [0.0, 3.0]
    assert done.peak_blocks == 63


class _Cost:
    """Seconds that depend on everything a step computes."""

    def seconds(self, features: StepFeatures) -> float:
        return 1e-3 * (5 + 0.01 * features.tokens + 1e-5 * features.decode_kv + 1e-6 * features.prefill_pairs)


@pytest.mark.parametrize("seed", [1, 2])
def test_replay_equals_the_simulator(seed: int) -> None:
    """Same engine, same cost, SimPy clock and fast loop: the same times."""
    random = np.random.default_rng(seed)
    arrivals = np.cumsum(random.exponential(0.02, 200))
    prompts, outputs = random.integers(20, 1500, 200), random.integers(1, 60, 200)
    core, cost = core_for("sarathi", BLOCKS), _Cost()
    listed = requests(*zip(arrivals.tolist(), prompts.tolist(), outputs.tolist(), strict=True))
    done = replay(listed, core, lambda plan: cost.seconds(plan.features)).requests
    table = RequestTable.from_columns(arrival_s=arrivals, prompt_tokens=prompts, output_tokens=outputs)
    log = simulate(Workload(table), core.config, cost).request_log
    np.testing.assert_allclose(done["prefill_completed_at_s"], np.asarray(log.first_token_s), rtol=1e-12)
    np.testing.assert_allclose(done["completed_at_s"], np.asarray(log.finish_s), rtol=1e-12)
