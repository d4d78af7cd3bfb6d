"""Deployment: one model on one kind of device, with layout, engine and kernel constants, checked to fit together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.cost.corrections import Corrections
from simulator.cost.engine_profile import DEFAULT_ENGINE, EngineProfile, load_engine
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import KernelFits, load_fits
from simulator.hardware.profile import HardwareProfile
from simulator.links.collectives import Collectives
from simulator.models.catalog import load_model
from simulator.models.spec import ModelSpec, TokenMixer
from simulator.operators.layout import QUANTIZED_INPUTS, Dtypes, Layout
from simulator.operators.sharding import split_units

_KV_FORMATS = ("bf16", "fp16", "fp8", "int8")


@dataclass(frozen=True)
class Deployment:
    """One replica: a model over ``tensor_parallel_size`` devices.

    Attributes
    ----------
    model, hardware: what runs where.
    tensor_parallel_size: devices of the replica.
    dtypes: number formats.
    engine: host terms and padding of the serving engine.
    fits: kernel constants of the device.
    top_p_sampling: the sampler sorts the vocabulary (top-p); costs time per step and sequence.
    context_tokens: context length the executables are compiled for, with an engine of static shapes; None = the
        model's longest.

    Raises ``InputError`` when the parts do not fit together.
    """

    model: ModelSpec
    hardware: HardwareProfile
    tensor_parallel_size: int
    dtypes: Dtypes
    engine: EngineProfile
    fits: KernelFits
    top_p_sampling: bool = False
    context_tokens: int | None = None
    layout: Layout = field(init=False)

    __hash__ = object.__hash__

    def __post_init__(self) -> None:
        fused = self.engine.fused_quantization
        layout = Layout(
            self.dtypes,
            self.tensor_parallel_size,
            self.engine.expert_coverage,
            separate_quantization=tuple(name for name in QUANTIZED_INPUTS if name not in fused),
            ranks_per_device=self.engine.ranks_per_device,
        )
        object.__setattr__(self, "layout", layout)
        _check_tensor_parallel(self)
        _check_dtypes(self)

    def __getstate__(self) -> dict[str, Any]:
        """What other processes are sent: not what each can work out again."""
        return {name: value for name, value in self.__dict__.items() if name not in ("corrections", "collectives")}

    @cached_property
    def corrections(self) -> Corrections:
        """Corrections of the device's closed forms for this deployment's layers."""
        return Corrections(self.fits.residuals)

    @cached_property
    def collectives(self) -> Collectives:
        """Collectives among the replica's devices as they are wired."""
        return Collectives(self.hardware, kernels=self.fits)

    @classmethod
    def of(
        cls,
        model: ModelSpec | str | Path,
        hardware: HardwareProfile | str | Path,
        *,
        tensor_parallel_size: int = 1,
        dtypes: Dtypes | None = None,
        engine: EngineProfile | str | Path = DEFAULT_ENGINE,
        fits: KernelFits | None = None,
        top_p_sampling: bool = False,
        context_tokens: int | None = None,
    ) -> Deployment:
        """Build from names or objects; formats default to those of the checkpoint, constants to the device's."""
        spec = model if isinstance(model, ModelSpec) else load_model(model)
        device = hardware if isinstance(hardware, HardwareProfile) else load_hardware(hardware)
        return cls(
            model=spec,
            hardware=device,
            tensor_parallel_size=tensor_parallel_size,
            dtypes=dtypes or dtypes_for(spec, device),
            engine=engine if isinstance(engine, EngineProfile) else load_engine(engine),
            fits=fits or load_fits(device),
            top_p_sampling=top_p_sampling,
            context_tokens=context_tokens,
        )


def dtypes_for(
    model: ModelSpec,
    device: HardwareProfile,
    *,
    weights: str | None = None,
    activations: str | None = None,
    kv: str | None = None,
) -> Dtypes:
    """What is asked for, and the checkpoint's own formats where nothing is.

    A quantised checkpoint runs weight-only on a device without math in its 8-bit format, as vLLM does. The device's
    other 16-bit format serves where it lacks the model's (V100 has no bf16, TPUs no fp16). Raises ``InputError`` for
    formats that do not go together.
    """
    model = replace(model, torch_dtype=device.sixteen_bit(model.torch_dtype))
    dtypes = Dtypes.for_model(model, weights, activations=activations, kv=kv)
    if model.quantization is not None and not activations and not device.supports(dtypes.activations):
        return Dtypes.for_model(model, weights, activations=device.sixteen_bit(dtypes.other), kv=kv)
    return dtypes


def _check_tensor_parallel(deployment: Deployment) -> None:
    tp = deployment.tensor_parallel_size
    path = "parallel.tensor_parallel_size"
    if tp < 1:
        raise InputError("must be at least 1", path=path, value=tp)
    domain = deployment.hardware.link.domain
    if tp > max(1, domain):
        name = deployment.hardware.name
        raise InputError(f"must not exceed the {domain} {name} that one link domain joins", path=path, value=tp)
    for block, _ in deployment.model.layer_groups:
        for mixer in block.mixers:
            _check_split(deployment, mixer)


def _check_split(deployment: Deployment, mixer: TokenMixer) -> None:
    """Ranks share out whole heads (or channels), and share or replicate whole KV heads; an engine may pad them."""
    tp, path = deployment.tensor_parallel_size, "parallel.tensor_parallel_size"
    units, shared_units, what = split_units(mixer)
    if deployment.engine.pads_heads:
        return
    if units % tp:
        fits = [n for n in range(1, deployment.hardware.link.domain + 1) if units % n == 0]
        raise InputError(
            f"must divide the {units} {what} of {deployment.model.name}",
            path=path,
            value=tp,
            hint=f"possible on {deployment.hardware.name}: {', '.join(map(str, fits))}",
        )
    if max(tp, shared_units) % min(tp, shared_units):
        raise InputError(f"must divide, or be a multiple of, the {shared_units} KV heads", path=path, value=tp)


def _check_dtypes(deployment: Deployment) -> None:
    dtypes, device = deployment.dtypes, deployment.hardware
    for part in ("activations", "other"):
        dtype = getattr(dtypes, part)
        if not device.supports(dtype):
            weight_only = part == "activations" and dtypes.weights == dtype
            raise InputError(
                f"{device.name} has no {dtype} math; it multiplies {', '.join(device.peak_flops)}",
                path=f"dtypes.{part}",
                value=dtype,
                hint="weight-only quantisation runs: set dtypes.activations: bf16" if weight_only else None,
            )
    if dtypes.kv not in _KV_FORMATS:
        raise InputError(f"must be one of {', '.join(_KV_FORMATS)}", path="dtypes.kv", value=dtypes.kv)
