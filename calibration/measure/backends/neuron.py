"""AWS Trainium and Inferentia: torch_xla with the Neuron compiler behind it."""

from __future__ import annotations

from calibration.measure.backends.protocol import Limits
from calibration.measure.backends.xla import XlaBackend


class NeuronBackend(XlaBackend):
    """One NeuronCore. Compilation takes tens of seconds per shape, so that few points fit a budget."""

    name = "neuron"
    math_dtypes: tuple[str, ...] = ("bf16", "fp32")
    limits = Limits(flops_per_call=2e11, bytes_per_call=2**29)
    default_budget_s = 3600.0
    stack: tuple[str, ...] = ("torch_xla", "torch_neuronx")
    install = "use an AWS Neuron image, or pip install torch-neuronx from AWS's repository"
