"""Large buffers are reduced by the library, whatever the engine's own kernel would take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.operator_time import kernel_seconds
from simulator.hardware.fits import CUSTOM_ALL_REDUCE_BYTES
from simulator.operators.work import all_reduce_work


@pytest.mark.parametrize("hardware", ["a100", "h100"])
def test_from_eight_mebibytes_on_the_library_reduces(hardware: str) -> None:
    both = Deployment.of("Llama-2-70B", hardware, tensor_parallel_size=4)
    library = replace(both, engine=replace(both.engine, custom_all_reduce=False))

    def seconds(deployment: Deployment, nbytes: np.ndarray) -> np.ndarray:
        work = all_reduce_work("all-reduce", nbytes, 4, 1)
        return np.asarray(kernel_seconds(work.shape, work, deployment))

    large = CUSTOM_ALL_REDUCE_BYTES * np.array([1.0, 2.0, 64.0])
    assert np.array_equal(seconds(both, large), seconds(library, large))
    small = np.array([16e3, 256e3, 4e6])
    assert (seconds(both, small) < seconds(library, small)).all()
    around = CUSTOM_ALL_REDUCE_BYTES * np.array([0.5, 0.999, 1.0, 1.5])
    assert (np.diff(seconds(both, around)) > 0).all()
