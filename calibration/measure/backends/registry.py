"""``--device`` -> its backend."""

from __future__ import annotations

from calibration.measure.backends.cpu import CpuBackend
from calibration.measure.backends.cuda import CudaBackend
from calibration.measure.backends.neuron import NeuronBackend
from calibration.measure.backends.protocol import Backend
from calibration.measure.backends.xla import XlaBackend
from simulator.errors import InputError, did_you_mean

DEVICES = ("cuda", "cpu", "xla", "neuron")


def open_backend(device: str, hardware: str | None = None) -> Backend:
    """The backend of a kind of device. ``hardware``: data sheet of a device that does not tell its name.

    Raises ``InputError`` for an unknown kind, a missing library or a missing device.
    """
    if device == "cuda":
        return CudaBackend()
    if device == "cpu":
        return CpuBackend()
    if device == "xla":
        return XlaBackend(hardware)
    if device == "neuron":
        return NeuronBackend(hardware)
    raise InputError(
        f"must be one of {', '.join(DEVICES)}", path="--device", value=device, hint=did_you_mean(device, DEVICES)
    )
