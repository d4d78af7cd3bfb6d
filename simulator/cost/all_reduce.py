"""Seconds of a tensor-parallel all-reduce: the library's and the engine's own kernel, each with its correction.

The closed forms and the choice of algorithm on the real topology stand in ``simulator.links``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.cost.deployment import Deployment
from simulator.hardware.fits import Fitted
from simulator.hardware.kernel_constants import CUSTOM_ALL_REDUCE_BYTES, CustomAllReduceFit
from simulator.operators.work import AllReduce

Sizes = Any
"""A float or an array of floats."""

OWN, LIBRARY = "custom_all_reduce", "nccl_all_reduce"
"""Kernel classes."""


def all_reduce_seconds(shape: AllReduce, deployment: Deployment) -> Sizes:
    """Where the engine has a kernel of its own, small buffers take the faster of it and the library's; else the
    library's alone, as vLLM does. Engine terms are added."""
    collectives, engine, ranks = deployment.collectives, deployment.engine, shape.world_size
    seconds = _corrected(
        LIBRARY, shape, lambda nbytes: collectives.library_seconds("all_reduce", nbytes, ranks), deployment
    )
    if _own_fit(shape, deployment) is not None:
        own = _corrected(OWN, shape, lambda nbytes: collectives.own_seconds(nbytes, ranks), deployment)
        seconds = np.where(shape.nbytes < CUSTOM_ALL_REDUCE_BYTES, np.minimum(own, seconds), seconds)
    return engine.all_reduce_multiplier * seconds + engine.all_reduce_extra_s


def all_reduce_class(shape: AllReduce, deployment: Deployment) -> str:
    """The kernel class that speaks for a call."""
    return LIBRARY if _own_fit(shape, deployment) is None else OWN


def all_reduce_fit(shape: AllReduce, deployment: Deployment) -> Fitted[Any]:
    """The constants of that class."""
    own = _own_fit(shape, deployment)
    return deployment.collectives.library_fit("all_reduce", shape.world_size) if own is None else own


def _own_fit(shape: AllReduce, deployment: Deployment) -> Fitted[CustomAllReduceFit] | None:
    return deployment.collectives.own_fit(shape.world_size) if deployment.engine.custom_all_reduce else None


def _corrected(part: str, shape: AllReduce, closed: Callable[[Sizes], Sizes], deployment: Deployment) -> Sizes:
    factors = deployment.corrections.bytes(part, shape.world_size, closed)
    seconds = closed(shape.nbytes)
    return seconds if factors is None else seconds * factors.at(shape.nbytes)
