"""All-reduce of a deployment: which kernel, which constants, and where nothing was timed, the topology."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.operator_time import kernel_class, kernel_fit, kernel_seconds
from simulator.hardware.catalog import load_hardware
from simulator.hardware.kernel_constants import CUSTOM_ALL_REDUCE_BYTES, CustomAllReduceFit, NcclAllReduceFit
from simulator.links.algorithms import SHOTS
from simulator.links.all_reduce import own_all_reduce_seconds, runs_shot
from simulator.links.collectives import Collectives
from simulator.operators.work import all_reduce_work


def reduce_seconds(deployment: Deployment, nbytes: np.ndarray) -> np.ndarray:
    work = all_reduce_work("all-reduce", nbytes, deployment.tensor_parallel_size, 1)
    return np.asarray(kernel_seconds(work.shape, work, deployment))


@pytest.mark.parametrize("hardware", ["a100", "h100"])
def test_from_eight_mebibytes_on_the_library_reduces(hardware: str) -> None:
    both = Deployment.of("Llama-2-70B", hardware, tensor_parallel_size=4)
    library = replace(both, engine=replace(both.engine, custom_all_reduce=False))

    large = CUSTOM_ALL_REDUCE_BYTES * np.array([1.0, 2.0, 64.0])
    assert np.array_equal(reduce_seconds(both, large), reduce_seconds(library, large))
    small = np.array([16e3, 256e3, 4e6])
    assert (reduce_seconds(both, small) < reduce_seconds(library, small)).all()
    around = CUSTOM_ALL_REDUCE_BYTES * np.array([0.5, 0.999, 1.0, 1.5])
    assert (np.diff(reduce_seconds(both, around)) > 0).all()


@pytest.mark.parametrize(
    ("hardware", "tp", "classed", "provenance"),
    [
        ("h100", 8, "custom_all_reduce", "fitted"),
        ("l40s", 2, "custom_all_reduce", "fitted"),
        ("l40s", 4, "nccl_all_reduce", "fitted"),
        ("rtx-4090", 2, "nccl_all_reduce", "transferred"),
        ("h100-pcie", 2, "custom_all_reduce", "transferred"),
        ("h100-pcie", 4, "nccl_all_reduce", "transferred"),
        ("v6e", 8, "nccl_all_reduce", "nominal"),
        ("mi355x", 8, "custom_all_reduce", "transferred"),
        ("v100", 4, "nccl_all_reduce", "transferred"),
    ],
)
def test_the_kernel_follows_the_wiring_and_says_where_its_constants_are_from(
    hardware: str, tp: int, classed: str, provenance: str
) -> None:
    deployment = Deployment.of("Llama-3.1-8B", hardware, tensor_parallel_size=tp)
    shape = all_reduce_work("all-reduce", 1e6, tp, 1).shape
    assert kernel_class(shape, deployment) == classed
    assert kernel_fit(shape, deployment).origin.provenance == provenance


@pytest.mark.parametrize("hardware", ["v6e", "trn2", "gaudi3", "mi300x"])
def test_where_the_library_was_not_timed_the_topology_tells(hardware: str) -> None:
    deployment = Deployment.of("Llama-3.1-8B", hardware, tensor_parallel_size=4)
    sizes = np.array([8e3, 1e6, 64e6])
    wired = Collectives(load_hardware(hardware)).seconds("all_reduce", sizes, 4)
    engine = deployment.engine
    expected = engine.all_reduce_multiplier * wired + engine.all_reduce_extra_s
    assert reduce_seconds(deployment, sizes) == pytest.approx(expected, rel=1e-14)


def test_a_timed_library_stands_for_all_its_algorithms() -> None:
    """No choice between ring and switch is made on top of a table in which the library had made its own."""
    deployment = Deployment.of("Llama-3.1-8B", "h100", tensor_parallel_size=8)
    timed = deployment.collectives
    assert [a.name for a in timed.available("all_reduce", 8)] == [
        "library", "one_shot", "two_shot", "symmetric_memory",
    ]  # fmt: skip
    assert isinstance(timed.library_fit("all_reduce", 8).constants, NcclAllReduceFit)
    assert timed.library_seconds("all_gather", 1e6, 8) == Collectives(load_hardware("h100")).seconds(
        "all_gather", 1e6, 8
    )


_OWN = CustomAllReduceFit(6.0, 0.1, 0.6, 12.0, 0.7, 8.0, 0.4, "two_shot")
_KIB = 2.0**10


@pytest.mark.parametrize(("ranks", "least"), [(2, np.inf), (4, 512 * _KIB), (6, 256 * _KIB), (8, 256 * _KIB)])
def test_two_shots_start_at_vllms_sizes_even_where_one_would_be_faster(ranks: int, least: float) -> None:
    device = load_hardware("b200")
    sizes = 2.0 ** np.arange(10, 23) - 16
    two = runs_shot(_OWN, device, "two_shot", sizes, ranks)
    assert np.array_equal(two, sizes >= least)
    assert np.array_equal(runs_shot(_OWN, device, "one_shot", sizes, ranks), ~two)
    if np.isfinite(least):
        below, above = own_all_reduce_seconds(_OWN, device, np.array([least - 16, least]), float(ranks))
        assert above > below + 5e-6


@pytest.mark.parametrize(
    ("hardware", "ranks", "least"),
    [("b200", 4, 2048 * _KIB), ("b200", 8, 1024 * _KIB), ("h100", 8, 256 * _KIB), ("a100", 8, np.inf)],
)
def test_symmetric_memory_takes_the_larger_buffers_where_vllm_has_it(hardware: str, ranks: int, least: float) -> None:
    device = load_hardware(hardware)
    sizes = 2.0 ** np.arange(10, 23)
    fit = replace(_OWN, large="symmetric_memory")
    by_kernel = [runs_shot(fit, device, shot.name, sizes, ranks) for shot in SHOTS]
    assert (np.sum(by_kernel, axis=0) == 1).all()
    assert np.array_equal(by_kernel[-1], sizes >= least)
    assert not runs_shot(_OWN, device, "symmetric_memory", sizes, ranks).any()
