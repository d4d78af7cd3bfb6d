"""What the sweep asks of a backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from calibration.measure.case import Case


@dataclass(frozen=True)
class Limits:
    """Largest call worth timing: FLOPs and bytes. Fixed for a device, so that a second start draws the same shapes."""

    flops_per_call: float
    bytes_per_call: float


class TimedKernel(Protocol):
    """A prepared call, its buffers in place."""

    def visit(self) -> float:
        """Seconds per call over one burst; every call reads buffers that the cache has forgotten."""


class Backend(Protocol):
    """One kind of device.

    Attributes
    ----------
    name: ``cuda``, ``cpu``, ``xla``, ``neuron`` or ``fake``.
    modes: how kernels are launched, the usual way first (``graph``, ``eager``).
    math_dtypes: number formats tried in matrix multiplies.
    kernels: kernel libraries beyond plain torch.
    limits: largest call.
    default_budget_s: seconds a sweep takes unless told otherwise.
    """

    name: str
    modes: tuple[str, ...]
    math_dtypes: tuple[str, ...]
    kernels: tuple[str, ...]
    limits: Limits
    default_budget_s: float

    def device_name(self) -> str:
        """Name of the device's hardware profile."""

    def facts(self) -> dict[str, Any]:
        """Versions, clocks, threads: what a reader needs to repeat the measurement. No host names."""

    def now_s(self) -> float:
        """The clock that the budget is read on."""

    def prepare(self, case: Case) -> TimedKernel:
        """Place buffers, warm up, capture. Raises ``Unsupported`` with the reason when the device cannot run it."""
