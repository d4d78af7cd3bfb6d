"""Dispatch and combine against the published DeepEP latencies (validation target 23)."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.links.fit_expert_parallel import COMBINE_US, DISPATCH_US, GROUPS, points, solve
from simulator.errors import InputError
from simulator.links.expert_parallel import (
    ExpertExchange,
    combine_bytes,
    dispatch_bytes,
    load_expert_exchange_fit,
)


@pytest.fixture(scope="module")
def h800() -> ExpertExchange:
    """200 GB/s of NVLink and 50 GB/s of network per GPU."""
    return ExpertExchange(load_expert_exchange_fit(), 200e9, 50e9, ranks_per_node=8)


def test_bytes_of_the_published_setting() -> None:
    assert dispatch_bytes(128, 7168, 8) == pytest.approx(7.57e6, rel=1e-3)
    assert combine_bytes(128, 7168, 8) == pytest.approx(14.68e6, rel=1e-3)


def test_published_latencies_from_bytes(h800: ExpertExchange) -> None:
    """Class B of the target: median within 10 %, all within 25 %; the three constants do better."""
    errors = []
    for ranks, dispatch_us, combine_us in zip(GROUPS, DISPATCH_US, COMBINE_US, strict=True):
        errors.append(h800.seconds(dispatch_bytes(128, 7168, 8), ranks) / (dispatch_us * 1e-6) - 1)
        errors.append(h800.seconds(combine_bytes(128, 7168, 8), ranks) / (combine_us * 1e-6) - 1)
    assert np.median(np.abs(errors)) < 0.03
    assert np.max(np.abs(errors)) < 0.08


def test_constants_of_small_groups_predict_large_ones() -> None:
    """Fitted to 8, 16 and 32 ranks alone, the three constants give 64 to 256 within class B."""
    latency_us, link_share, network_share = solve([row for row in points() if row[0] <= 32])
    fit = load_expert_exchange_fit()
    refit = type(fit)(latency_us, link_share, network_share, fit.origin)
    exchange = ExpertExchange(refit, 200e9, 50e9, ranks_per_node=8)
    errors = [abs(exchange.seconds(nbytes, n) / seconds - 1) for n, nbytes, seconds in points() if n > 32]
    assert np.median(errors) < 0.10
    assert max(errors) < 0.25


def test_the_constants_on_file_are_those_of_the_fit() -> None:
    fit = load_expert_exchange_fit()
    assert (fit.latency_us, fit.link_share, fit.network_share) == pytest.approx(solve(points()), rel=2e-3)


@pytest.mark.parametrize("ranks", [1, 4, 8, 16, 256])
def test_never_before_the_physical_minimum(h800: ExpertExchange, ranks: int) -> None:
    nbytes = np.logspace(0, 9, 20)
    assert (h800.seconds(nbytes, ranks) >= h800.minimum_seconds(nbytes, ranks)).all()


def test_the_most_loaded_rank_decides(h800: ExpertExchange) -> None:
    even, skewed = (h800.seconds(1e7, 32, imbalance=load) for load in (1.0, 1.5))
    latency_s = h800.fit.latency_us * 1e-6
    assert skewed - latency_s == pytest.approx(1.5 * (even - latency_s))


def test_groups_that_do_not_fit_the_nodes_are_refused(h800: ExpertExchange) -> None:
    with pytest.raises(InputError, match="must fill whole nodes of 8"):
        h800.seconds(1e6, 12)
    alone = ExpertExchange(h800.fit, 200e9, None, ranks_per_node=8)
    assert alone.seconds(1e6, 8) > 0
    with pytest.raises(InputError, match="network of these nodes is not known"):
        alone.seconds(1e6, 16)
